import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { localityText } from "../../model/locality.ts";
import { addressText } from "../../model/service.ts";
import { sourceName } from "../testing.ts";
import { endpointsOfSlices, healthOf, type SliceReading } from "./endpoints-of-slices.ts";
import { readSlice } from "./slice.ts";

const reading: SliceReading = {
  source: sourceName("kubernetes/dc-a"),
  region: "dc-a",
  nodes: undefined,
  port: undefined,
  addressType: undefined,
  readyOnly: false,
};
const slice = (endpoints: readonly unknown[], more: object = {}) =>
  readSlice({
    metadata: { name: "report-x", labels: { "kubernetes.io/service-name": "report" } },
    addressType: "IPv4",
    ports: [{ name: "grpc", port: 9090 }],
    endpoints,
    ...more,
  });

function read(slices: readonly ReturnType<typeof slice>[], more: Partial<SliceReading> = {}) {
  const result = endpointsOfSlices(slices, { ...reading, ...more });
  assert.ok(result.ok, result.ok ? "" : result.problems.map(problemText).join("\n"));
  const lines = result.value.endpoints.map(({ id, address, locality, health }) =>
    [id, addressText(address), localityText(locality), health].join(" "),
  );
  return { lines, skipped: result.value.skipped.map(problemText) };
}

function refused(slices: readonly ReturnType<typeof slice>[], more: Partial<SliceReading> = {}): string {
  const result = endpointsOfSlices(slices, { ...reading, ...more });
  return result.ok ? "" : result.problems.map(problemText).join();
}

const pod = (name: string, address: string, more: object = {}) => ({
  addresses: [address],
  targetRef: { kind: "Pod", namespace: "reports", name },
  ...more,
});

test("an endpoint is called by its pod, else by its address", () => {
  const { lines } = read([slice([pod("a", "10.0.0.1"), { addresses: ["10.0.0.2", "10.0.0.3"] }])]);
  assert.deepEqual(lines, ["reports/a 10.0.0.1:9090 dc-a serving", "10.0.0.2:9090 10.0.0.2:9090 dc-a serving"]);
});

test("the labels that a slice has from its Service are the metadata of its endpoints", () => {
  const labels = {
    "kubernetes.io/service-name": "report-v2",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    "app.kubernetes.io/version": "2.1",
    version: "v2",
    "example.com/team": "reporting",
  };
  const result = endpointsOfSlices(
    [slice([pod("a", "10.0.0.1")], { metadata: { name: "report-x", labels } })],
    reading,
  );
  assert.ok(result.ok);
  assert.deepEqual(result.value.endpoints[0]?.metadata, {
    "app.kubernetes.io/version": "2.1",
    "example.com/team": "reporting",
    version: "v2",
  });
});

for (const [ready, serving, terminating, health] of [
  [true, true, false, "serving"],
  [false, false, false, "failing"],
  [undefined, undefined, undefined, "serving"],
  [false, true, true, "draining"],
  [false, false, true, "draining"],
  [true, false, true, "draining"],
] as const) {
  test(`ready ${ready}, serving ${serving}, terminating ${terminating} is ${health}`, () => {
    const conditions = { ready, serving, terminating };
    assert.equal(healthOf(slice([pod("a", "10.0.0.1", { conditions })]).endpoints[0]?.conditions ?? never()), health);
  });
}

test("what is not ready is left out where only ready pods are wanted; what is leaving is not", () => {
  const endpoints = [
    pod("a", "10.0.0.1", { conditions: { ready: false } }),
    pod("b", "10.0.0.2", { conditions: { ready: false, terminating: true } }),
  ];
  assert.deepEqual(read([slice(endpoints)], { readyOnly: true }).lines, ["reports/b 10.0.0.2:9090 dc-a draining"]);
  assert.deepEqual(read([slice(endpoints.slice(0, 1))], { readyOnly: true }).lines, []);
});

test("an endpoint in two slices counts once, as the healthier", () => {
  const leaving = slice([pod("a", "10.0.0.1", { conditions: { terminating: true } })]);
  assert.deepEqual(read([leaving, slice([pod("a", "10.0.0.1")])]).lines, ["reports/a 10.0.0.1:9090 dc-a serving"]);
});

test("the zone is the slice's, else the node's, else the only one it is hinted for; the region is the node's if it has one", () => {
  const nodes = new Map([
    ["n1", { region: "eu", zone: "eu-1" }],
    ["n2", { region: undefined, zone: undefined }],
  ]);
  const hints = (...zones: readonly string[]) => ({ hints: { forZones: zones.map((name) => ({ name })) } });
  const endpoints = [
    pod("a", "10.0.0.1", { zone: "z1", nodeName: "n1", ...hints("z9") }),
    pod("b", "10.0.0.2", { nodeName: "n1" }),
    pod("c", "10.0.0.3", { nodeName: "n2", ...hints("z3") }),
    pod("d", "10.0.0.4", hints("z3", "z4")),
    pod("e", "10.0.0.5", { zone: "z1", nodeName: "gone" }),
  ];
  const places = (more: Partial<SliceReading>) =>
    read([slice(endpoints)], more).lines.map((line) => line.split(" ")[2]);
  assert.deepEqual(places({ nodes }), ["eu/z1", "eu/eu-1", "dc-a/z3", "dc-a", "dc-a/z1"]);
  assert.deepEqual(places({}), ["dc-a/z1", "dc-a", "dc-a/z3", "dc-a", "dc-a/z1"]);
});

test("a zone that cannot be one is told, and the endpoint is kept", () => {
  const { lines, skipped } = read([slice([pod("a", "10.0.0.1", { zone: "a/b" })])]);
  assert.deepEqual(lines, ["reports/a 10.0.0.1:9090 dc-a serving"]);
  assert.deepEqual(skipped, [
    `pod reports/a: its zone "a/b" cannot name a region or zone: letters, digits, '.', '_' and '-'`,
  ]);
});

test("UDP ports do not count", () => {
  const ports = [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "grpc", port: 9090, protocol: "TCP" },
  ];
  assert.deepEqual(read([slice([pod("a", "10.0.0.1")], { ports })]).lines, ["reports/a 10.0.0.1:9090 dc-a serving"]);
  assert.match(refused([slice([pod("a", "10.0.0.1")], { ports: ports.slice(0, 1) })]), /tells no TCP port/);
});

test("a port that is left open takes the one that the document gives", () => {
  const open = slice([pod("a", "10.0.0.1")], { ports: [{ name: "grpc" }] });
  assert.deepEqual(read([open], { port: 7000 }).lines, ["reports/a 10.0.0.1:7000 dc-a serving"]);
  assert.match(refused([open], { port: "grpc" }), /tells no TCP port: give the port of its pods/);
  assert.match(refused([slice([pod("a", "10.0.0.1")])], { port: 7000 }), /has no TCP port 7000 but grpc \(9090\)/);
});

test("a slice that cannot be read is told and the others are kept; one that is all there is is no empty Service", () => {
  const broken = slice([{ addresses: [] }]);
  const { lines, skipped } = read([broken, slice([pod("a", "10.0.0.1")])]);
  assert.equal(lines.length, 1);
  assert.match(skipped.join(), /^endpointSlice report-x: endpoints\.0\.addresses/);
  assert.match(refused([broken]), /nothing of it can be used: endpointSlice report-x/);
  assert.match(
    refused([slice([pod("a", "0.0.0.0")])]),
    /nothing of it can be used: pod reports\/a: 0\.0\.0\.0 is where/,
  );
});

test("no slice, and slices without endpoints, are an answer", () => {
  assert.deepEqual(read([]), { lines: [], skipped: [] });
  assert.deepEqual(read([slice([], { ports: null, endpoints: null })]), { lines: [], skipped: [] });
});

function never(): never {
  throw new Error("the slice has no endpoint");
}
