import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServiceName } from "../model/names.ts";
import type { Protocol, ServiceSpec } from "../model/service.ts";
import { resourceNames } from "./resource-names.ts";

test("a gRPC client finds a service under each of its hosts, an Envoy on its one listener", () => {
  const { grpc, "envoy-edge": edge, "envoy-sidecar": sidecar } = resourceNames(spec("grpc"), []);
  assert.deepEqual(grpc.listeners, ["report", "report.internal"]);
  assert.deepEqual(grpc.routes, ["report"]);
  assert.deepEqual([edge.listeners, edge.routes], [["edge"], ["edge"]]);
  assert.deepEqual([sidecar.listeners, sidecar.routes], [["outbound"], ["outbound"]]);
  for (const names of [grpc, edge, sidecar])
    assert.deepEqual([names.clusters, names.endpoints], [["report"], ["report"]]);
});

test("a client that cannot call a service finds nothing of it", () => {
  const nothing = { listeners: [], routes: [], clusters: [], endpoints: [] };
  assert.deepEqual(resourceNames(spec("http1"), []).grpc, nothing);
  assert.deepEqual(resourceNames(spec("tcp"), [])["envoy-edge"], nothing);
});

function spec(protocol: Protocol): ServiceSpec {
  const name = parseServiceName("report");
  assert.ok(name);
  const hosts = ["report", "report.internal"];
  return {
    name,
    protocol,
    hosts,
    origins: [],
    localityRules: { regionFrom: "datacenter", zoneFrom: [] },
    subsets: [],
    capacity: undefined,
  };
}
