import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../model/default-policy.ts";
import { parseServiceName, type ServiceName } from "../model/names.ts";
import type { Destination } from "./targets.ts";
import { targetsOf } from "./targets.ts";

test("a service without a subset is one cluster, or those that its split names", () => {
  assert.deepEqual(shares([["plain", undefined, 7]]), { plain: 1 });
  assert.deepEqual(shares([["split", undefined, 1]]), { "split|v1": 19, "split|v2": 1 });
  assert.deepEqual(shares([["split", "v2", 1]]), { "split|v2": 1 });
});

test("weights multiply with the shares of a split, and are as small as whole numbers allow", () => {
  const mixed = [
    ["split", undefined, 2],
    ["plain", undefined, 1],
  ] as const;
  assert.deepEqual(shares(mixed), { "split|v1": 19, "split|v2": 1, plain: 10 });
  const twice = [
    ["split", undefined, 50],
    ["split", "v2", 50],
  ] as const;
  assert.deepEqual(shares(twice), { "split|v1": 19, "split|v2": 21 });
});

test("what weighs nothing, is not there or has no such subset gets nothing", () => {
  const backends = [
    ["plain", undefined, 0],
    ["gone", undefined, 5],
    ["plain", "v1", 5],
    ["split", "v1", 5],
  ] as const;
  assert.deepEqual(shares(backends), { "split|v1": 1 });
  assert.deepEqual(shares(backends.slice(0, 3)), {});
});

test("weights stay below what Envoy can add up, and none becomes nothing", () => {
  const result = shares([
    ["fine", undefined, 999_983],
    ["plain", undefined, 1],
    ["split", "v1", 999_979],
  ]);
  const sum = Object.values(result).reduce((total, weight) => total + weight, 0);
  assert.ok(sum < 2 ** 32);
  assert.ok(Object.values(result).every((weight) => Number.isInteger(weight) && weight >= 1));
  const part = (result["plain"] ?? 0) / sum;
  assert.ok(Math.abs(part - 1 / 1_999_963) < 1e-9);
});

function shares(backends: readonly (readonly [string, string | undefined, number])[]) {
  const targets = targetsOf(
    backends.map(([service, subset, weight]) => ({ service: nameOf(service), subset, weight })),
    (service) => destinations.get(service),
  );
  return Object.fromEntries(targets.map(({ cluster, weight }) => [cluster, weight]));
}

const destinations = new Map<string, Destination>(
  [
    destination("plain", [], {}),
    destination("split", ["v1", "v2", "v3"], { v1: 95, v2: 5, v3: 0 }),
    destination("fine", ["v1", "v2"], { v1: 99.999, v2: 0.001 }),
  ].map((each) => [each.spec.name, each]),
);

function destination(name: string, subsets: readonly string[], shares: Readonly<Record<string, number>>): Destination {
  return {
    spec: {
      ...{ name: nameOf(name), protocol: "grpc", hosts: [name], origins: [], capacity: undefined },
      localityRules: { regionFrom: "datacenter", zoneFrom: [] },
      subsets: subsets.map((subset) => ({ name: subset, match: { version: subset }, whenEmpty: "fail" })),
    },
    policy: defaultPolicy,
    shares: Object.entries(shares).map(([subset, percent]) => ({ name: subset, percent })),
  };
}

function nameOf(text: string): ServiceName {
  const name = parseServiceName(text);
  assert.ok(name);
  return name;
}
