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
  passingOnly: true,
});
const demanded = (datacenters: readonly string[], ...specs: readonly ServiceSpec[]) =>
  demandOf(new Map(specs.map((spec) => [spec.name, spec])), { datacenters });

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
  const lenient: EndpointOrigin = { kind: "consul", service: "report", datacenters: [], passingOnly: false };
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
