import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { TrafficDirection } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { VirtualHostSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { grpcCapabilities } from "../../model/grpc-capabilities.ts";
import type { PatchOperation, PatchSpec, PatchType } from "../../model/patch.ts";
import type { Viewer } from "../../model/viewer.ts";
import { httpListenerOf } from "../listener/listener.ts";
import type { ResourceSet } from "../resource-set.ts";
import { routeConfigurationOf } from "../route/routes.ts";
import { createPatches } from "./patches.ts";

test("a patch changes its resource, for the clients that it is for; all others stay the same objects", () => {
  const apply = createPatches();
  const patches = [
    patch("slow", "Cluster", "report", [{ op: "add", path: "/connect_timeout", value: "7s" }]),
    patch("retries", "VirtualHost", "report", [{ op: "add", path: "/include_request_attempt_count", value: true }]),
  ];
  const { resources, leftOut } = apply(set, patches, edge);
  assert.deepEqual([...leftOut], []);
  assert.equal(resources.clusters[0]?.connectTimeout?.seconds, 7n);
  assert.equal(resources.clusters[1], set.clusters[1]);
  assert.equal(resources.routes[0]?.virtualHosts[0]?.includeRequestAttemptCount, true);
  assert.equal(resources.routes[0]?.virtualHosts[1], set.routes[0]?.virtualHosts[1]);
  assert.equal(resources.listeners[0], set.listeners[0]);

  const again = apply(set, patches, edge).resources;
  assert.equal(again.clusters[0], resources.clusters[0], "unchanged is the same object");
  assert.equal(again.routes[0], resources.routes[0]);
  const sidecars = { ...patch("other", "Cluster", "report", [{ op: "add", path: "/alt_stat_name", value: "s" }]) };
  const more = [...patches, { ...sidecars, clients: ["envoy-sidecar" as const] }];
  const sidecar = apply(set, more, { ...edge, role: "sidecar" }).resources.clusters[0];
  assert.equal(sidecar?.altStatName, "s");
  assert.equal(apply(set, more, edge).resources.clusters[0], resources.clusters[0], "whatever others are sent");
  assert.equal(apply(set, more, { ...edge, role: "sidecar" }).resources.clusters[0], sidecar);
  assert.equal(apply(set, patches, grpc).resources, set);
  assert.equal(apply(set, [], edge).resources, set);
});

test("a patch reaches into filters, and adds one of a type that nothing else here uses", () => {
  const lua = {
    name: "envoy.filters.http.lua",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
      default_source_code: { inline_string: "function envoy_on_request(handle) end" },
    },
  };
  const path = "/filter_chains/0/filters/0/typed_config/http_filters/0";
  const { resources, leftOut } = createPatches()(
    set,
    [patch("lua", "Listener", "edge", [{ op: "add", path, value: lua }])],
    edge,
  );
  assert.deepEqual([...leftOut], []);
  const config = resources.listeners[0]?.filterChains[0]?.filters[0]?.configType;
  assert.equal(config?.case, "typedConfig");
  const manager = config?.case === "typedConfig" ? anyUnpack(config.value, HttpConnectionManagerSchema) : undefined;
  assert.equal(manager?.httpFilters[0]?.name, "envoy.filters.http.lua");
});

test("what does not apply, does not decode or renames is left out and told; the rest is applied", () => {
  const patches = [
    patch("gone", "Cluster", "report", [{ op: "remove", path: "/health_checks/0" }]),
    patch("half", "Cluster", "report", [
      { op: "add", path: "/connect_timeout", value: "9s" },
      { op: "test", path: "/name", value: "other" },
    ]),
    patch("wrong", "Cluster", "report", [{ op: "add", path: "/connect_timeout", value: "soon" }]),
    patch("renamed", "Cluster", "report", [{ op: "replace", path: "/name", value: "other" }]),
    patch("unruly", "Cluster", "report", [{ op: "add", path: "/health_checks/-", value: { timeout: "1s" } }]),
    patch("good", "Cluster", "report", [{ op: "add", path: "/alt_stat_name", value: "r" }]),
  ];
  const { resources, leftOut } = createPatches()(set, patches, edge);
  assert.deepEqual([...leftOut.keys()], ["gone", "half", "wrong", "renamed", "unruly"]);
  const says = [...leftOut.values()].flat().map(({ says }) => says);
  assert.match(says[0] ?? "", /does not apply/);
  assert.match(says[2] ?? "", /does not decode.*Duration/);
  assert.match(says[3] ?? "", /change the name to "other"/);
  assert.match(says[4] ?? "", /Envoy would refuse it: health_checks\.0/);
  const [report] = resources.clusters;
  assert.deepEqual([report?.name, report?.altStatName, report?.connectTimeout], ["report", "r", undefined]);
});

test("copies of copies have an end", () => {
  const seed = {
    op: "add" as const,
    path: "/metadata",
    value: { filter_metadata: { a: { text: "x".repeat(1_000) } } },
  };
  const double = Array.from({ length: 40 }, (_, index) => ({
    op: "copy" as const,
    from: "/metadata/filter_metadata/a",
    path: `/metadata/filter_metadata/a/${index}`,
  }));
  const { resources, leftOut } = createPatches()(set, [patch("bomb", "Cluster", "report", [seed, ...double])], edge);
  assert.equal(resources.clusters[0], set.clusters[0]);
  assert.match(leftOut.get("bomb")?.[0]?.says ?? "", /larger than/);
});

test("a patch is the same however often it is applied", () => {
  const operations = [
    { op: "add" as const, path: "/metadata", value: { filter_metadata: { a: { list: [] } } } },
    { op: "add" as const, path: "/metadata/filter_metadata/a/list/-", value: 1 },
  ];
  const list = [patch("twice", "Cluster", "report", operations)];
  for (const _ of [1, 2]) {
    const { resources } = createPatches()(set, list, edge);
    assert.deepEqual(resources.clusters[0]?.metadata?.filterMetadata["a"], { list: [1] });
  }
});

const locality = { region: "dc-a", zone: "z1", subZone: "" };
const listen = { host: "127.0.0.1", port: 10_000 };
const edge: Extract<Viewer, { readonly flavour: "envoy" }> = { flavour: "envoy", role: "edge", locality, listen };
const grpc: Viewer = { flavour: "grpc", locality, grpc: grpcCapabilities("node", [1, 14]) };

const set: ResourceSet = {
  clusters: [create(ClusterSchema, { name: "report" }), create(ClusterSchema, { name: "billing" })],
  endpoints: [],
  listeners: [
    httpListenerOf({
      name: "edge",
      routes: "edge",
      listen,
      direction: TrafficDirection.INBOUND,
      limiters: [],
      forStrangers: true,
    }),
  ],
  routes: [
    routeConfigurationOf(
      "edge",
      ["report", "billing"].map((name) => create(VirtualHostSchema, { name, domains: [name] })),
    ),
  ],
};

function patch(name: string, type: PatchType, target: string, operations: readonly PatchOperation[]): PatchSpec {
  return { name, type, target, clients: ["envoy-edge", "envoy-sidecar"], operations };
}
