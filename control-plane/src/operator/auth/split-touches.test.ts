import assert from "node:assert/strict";
import { test } from "node:test";
import { splitTouches } from "./split-touches.ts";

const rule = { from: "*", to: { "dc-a": 80, "dc-b": 20 }, failover: ["dc-c"] };
const split = (spec: Record<string, unknown>, metadata: Record<string, unknown> = { name: "report" }) => ({
  ...{ apiVersion: "weir/v1alpha1", kind: "TrafficSplit", metadata },
  spec: { service: "report", rules: [rule], ...spec },
});
const override = { locality: "dc-b/z1", weight: 0, reason: "x", by: "ana", expireTime: "2026-11-21T18:00:00Z" };
const shift = { name: "s", base: rule.to, target: { "dc-a": 70, "dc-b": 20, "dc-d": 10 }, steps: [{ setWeight: 100 }] };

const changes: readonly (readonly [what: string, after: ReturnType<typeof split>, touches: string])[] = [
  ["nothing", split({}), ""],
  ["shares", split({ rules: [{ ...rule, to: { "dc-a": 60, "dc-b": 40 } }] }), "dc-a dc-b"],
  ["a share of another data center", split({ rules: [{ ...rule, to: { "dc-a": 80, "dc-d/z1": 20 } }] }), "dc-b dc-d"],
  ["failover", split({ rules: [{ ...rule, failover: ["dc-d", "dc-c"] }] }), "dc-c dc-d"],
  ["failover by distance", split({ rules: [{ ...rule, failover: "nearest" }] }), "all"],
  ["an override", split({ overrides: [override] }), "dc-b"],
  ["a shift", split({ shift }), "dc-a dc-d"],
  ["whom a rule is for", split({ rules: [{ ...rule, from: "dc-a/*" }] }), "all"],
  ["how a rule chooses", split({ rules: [{ from: "*", prefer: "nearest", failover: ["dc-c"] }] }), "all"],
  ["a rule more", split({ rules: [rule, { ...rule, from: "dc-z" }] }), "all"],
  ["subsets", split({ subsets: { v1: 95, v2: 5 } }), "all"],
  ["labels", split({}, { name: "report", labels: { a: "b" } }), "all"],
  ["the service", split({ service: "other" }), "all"],
];

test("a change of a split touches the data centers whose part differs, and all where that cannot be said", () => {
  for (const [what, after, touches] of changes) {
    const { datacenters } = splitTouches(split({}), after);
    assert.equal(datacenters === "all" ? "all" : datacenters.join(" "), touches, what);
  }
});

test("a shift that has ended is of no matter to what comes after it, but its end is", () => {
  const ended = { ...shift, ended: { time: "2026-11-21T18:00:00Z", outcome: "aborted" } };
  const next = { ...shift, name: "t", target: { "dc-a": 60, "dc-b": 40 } };
  const touches = (...[before, after]: readonly object[]) =>
    splitTouches(split({ shift: before }), split({ shift: after })).datacenters;
  assert.deepEqual(touches(ended, next), ["dc-a", "dc-b"]);
  assert.deepEqual(touches(shift, ended), ["dc-a", "dc-d"]);
  assert.deepEqual(touches(ended, shift), ["dc-a", "dc-d"]);
});

test("a split that comes, goes or changes its service touches all of each service", () => {
  assert.deepEqual(splitTouches(undefined, split({})), { services: ["report"], datacenters: "all" });
  assert.deepEqual(splitTouches(split({}), undefined), { services: ["report"], datacenters: "all" });
  assert.deepEqual(splitTouches(split({}), split({ service: "other" })).services, ["report", "other"]);
});
