import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../lib/parsed.ts";
import type { EndpointOrigin, ServiceSpec } from "../model/service.ts";
import { demandOf } from "./demand.ts";
import { endpoint, serviceName, specOf } from "./testing.ts";

const consul = (service: string, ...datacenters: readonly string[]): EndpointOrigin => ({
  kind: "consul",
  service,
  datacenters,
  tags: [],
  passingOnly: true,
});
const demanded = (datacenters: readonly string[], ...specs: readonly ServiceSpec[]) =>
  demandOf(new Map(specs.map((spec) => [spec.name, spec])), { consul: datacenters, kubernetes: [] });

test("a service's parts stand in the order of its document", () => {
  const fixed = [endpoint("10.0.0.1:1")];
  const spec = specOf(
    "report",
    { kind: "registry", service: "report" },
    { kind: "static", endpoints: fixed },
    { kind: "file", path: "more.yaml" },
  );
  const { parts, feeds, problems } = demanded([], spec);
  assert.deepEqual(parts.get(spec.name), [
    { kind: "feed", key: "registry/report" },
    { kind: "static", endpoints: fixed },
    { kind: "feed", key: "file/more.yaml" },
  ]);
  assert.deepEqual([...feeds.keys()], ["registry/report", "file/more.yaml"]);
  assert.equal(problems.size, 0);
});

test("no data center named means every configured one", () => {
  const { feeds } = demanded(["dc-a", "dc-b"], specOf("report", consul("report")));
  assert.deepEqual(
    [...feeds.values()].map(({ source }) => source),
    ["consul/dc-a", "consul/dc-b"],
  );
});

test("two services that ask for the same feed share it", () => {
  const { feeds, parts } = demanded(["dc-a"], specOf("a", consul("report")), specOf("b", consul("report", "dc-a")));
  assert.equal(feeds.size, 1);
  assert.deepEqual(parts.get(serviceName("a")), parts.get(serviceName("b")));
});

test("the same instances read by other rules are another feed", () => {
  const lenient: EndpointOrigin = { kind: "consul", service: "report", tags: [], datacenters: [], passingOnly: false };
  const byMeta = { ...specOf("c", consul("report")), localityRules: { regionFrom: "meta.dc" as const, zoneFrom: [] } };
  const { feeds } = demanded(["dc-a"], specOf("a", consul("report")), specOf("b", lenient), byMeta);
  assert.equal(feeds.size, 3);
});

test("an unknown data center is told with its place, and the known ones are followed", () => {
  const spec = specOf("report", { kind: "registry", service: "report" }, consul("report", "dc-x", "dc-a"));
  const { feeds, parts, problems } = demanded(["dc-a", "dc-b"], spec);
  assert.deepEqual(
    [...feeds.values()].map(({ source }) => source),
    ["registry", "consul/dc-a"],
  );
  assert.deepEqual(problems.get(spec.name)?.map(problemText), [
    'spec.endpoints[1].consul.datacenters[0]: Consul data center "dc-x" is not configured: expected dc-a, dc-b',
  ]);
  assert.deepEqual(
    parts.get(spec.name)?.map(({ kind }) => kind),
    ["feed", "feed", "unavailable"],
  );
});

test("Consul without a configured data center is a problem of that service alone", () => {
  const { feeds, problems } = demanded([], specOf("a", consul("a")), specOf("b", { kind: "registry", service: "b" }));
  assert.deepEqual([...feeds.keys()], ["registry/b"]);
  assert.deepEqual([...problems.keys()], ["a"]);
});

const pods = (more: Partial<Extract<EndpointOrigin, { kind: "kubernetes" }>> = {}): EndpointOrigin => ({
  kind: "kubernetes",
  namespace: "reports",
  service: "report",
  port: undefined,
  addressType: undefined,
  readyOnly: false,
  datacenters: [],
  ...more,
});

test("a Service of Kubernetes is asked of every data center that has a cluster, and read otherwise it is another feed", () => {
  const configured = { consul: ["dc-a"], kubernetes: ["dc-b", "dc-c"] };
  const spec = specOf("report", pods(), pods({ port: "grpc", datacenters: ["dc-c"] }), pods({ port: 9090 }));
  const { feeds, problems } = demandOf(new Map([[spec.name, spec]]), configured);
  assert.deepEqual(
    [...feeds].map(([key, { source }]) => [key, source]),
    [
      ["kubernetes/dc-b/reports/report?&&", "kubernetes/dc-b"],
      ["kubernetes/dc-c/reports/report?&&", "kubernetes/dc-c"],
      ['kubernetes/dc-c/reports/report?"grpc"&&', "kubernetes/dc-c"],
      ["kubernetes/dc-b/reports/report?9090&&", "kubernetes/dc-b"],
      ["kubernetes/dc-c/reports/report?9090&&", "kubernetes/dc-c"],
    ],
  );
  assert.equal(problems.size, 0);
});

test("a data center without a cluster is told with its place", () => {
  const spec = specOf("report", pods({ datacenters: ["dc-a"] }));
  const told = (configured: { consul: string[]; kubernetes: string[] }) =>
    demandOf(new Map([[spec.name, spec]]), configured)
      .problems.get(spec.name)
      ?.map(problemText);
  assert.deepEqual(told({ consul: ["dc-a"], kubernetes: ["dc-b"] }), [
    'spec.endpoints[0].kubernetes.datacenters[0]: data center with Kubernetes "dc-a" is not configured: expected dc-b',
  ]);
  assert.deepEqual(told({ consul: ["dc-a"], kubernetes: [] }), [
    "spec.endpoints[0].kubernetes: no data center with Kubernetes is configured: name one in the server's configuration",
  ]);
});
