import assert from "node:assert/strict";
import { test } from "node:test";
import {
  emptySplit,
  type SplitDocument,
  type SplitRule,
  withOverride,
  withoutOverride,
  withShares,
} from "./split-edit.ts";

const everyone: SplitRule = { from: "*", prefer: "nearest", failover: ["dc-b", "dc-c"] };
const fromDcA: SplitRule = { from: "dc-a/*", to: { "dc-a": 80, "dc-b": 20 }, failover: ["dc-c"] };

function splitWith(...rules: readonly SplitRule[]): SplitDocument {
  const split = emptySplit("report");
  return { ...split, spec: { ...split.spec, rules } };
}

function set(before: SplitDocument, from: string, to: Readonly<Record<string, number>>, failover?: readonly string[]) {
  return withShares(before, { from, to, failover });
}

test("the rule for exactly these callers is replaced, the others and its failover are kept", () => {
  const { document, lines } = set(splitWith(fromDcA, everyone), "dc-a", { "dc-a": 50, "dc-b": 50 });
  assert.deepEqual(document.spec.rules, [
    { from: "dc-a/*", to: { "dc-a": 50, "dc-b": 50 }, failover: ["dc-c"] },
    everyone,
  ]);
  assert.deepEqual(lines, ["dc-a  80 % -> 50 %", "dc-b  20 % -> 50 %", "failover  dc-c (as before)"]);
});

test("a rule for new callers comes before the first that would take them too", () => {
  const { document } = set(splitWith(fromDcA, everyone), "dc-b/*", { "dc-b": 100 });
  assert.deepEqual(
    document.spec.rules?.map(({ from }) => from),
    ["dc-a/*", "dc-b/*", "*"],
  );
  const narrower = set(splitWith(fromDcA, everyone), "dc-a/z1", { "dc-a": 100 });
  assert.deepEqual(
    narrower.document.spec.rules?.map(({ from }) => from),
    ["dc-a/z1", "dc-a/*", "*"],
  );
  const wider = set(splitWith(fromDcA), "*", { "dc-a": 100 });
  assert.deepEqual(
    wider.document.spec.rules?.map(({ from }) => from),
    ["dc-a/*", "*"],
  );
});

test("a rule without from is the one for everyone", () => {
  const { document } = set(splitWith({ to: { "dc-a": 100 } }), "*", { "dc-b": 100 });
  assert.deepEqual(document.spec.rules, [{ from: "*", to: { "dc-b": 100 } }]);
});

test("nearest gives way to shares, and says so", () => {
  const { lines } = set(splitWith(everyone), "*", { "dc-a": 100 });
  assert.deepEqual(lines, ["dc-a  nearest -> 100 %", "failover  dc-b, dc-c (as before)"]);
});

test("what gets a share is no longer failed over to", () => {
  const { document, lines } = set(splitWith(fromDcA), "dc-a/*", { "dc-a": 50, "dc-c": 50 });
  assert.deepEqual(document.spec.rules, [{ from: "dc-a/*", to: { "dc-a": 50, "dc-c": 50 } }]);
  assert.deepEqual(lines, ["dc-a  80 % -> 50 %", "dc-b  20 % -> 0 %", "dc-c  0 % -> 50 %", "failover  dc-c -> none"]);
});

test("a share of 0 may still be failed over to, and failover can be given", () => {
  const { document } = set(splitWith(fromDcA), "dc-a/*", { "dc-a": 100, "dc-b": 0 }, ["dc-b", "dc-c"]);
  assert.deepEqual(document.spec.rules?.[0]?.failover, ["dc-b", "dc-c"]);
});

test("a service without a split gets one", () => {
  const { document, lines } = set(emptySplit("report"), "*", { "dc-a": 70, "dc-b": 30 });
  assert.deepEqual(document, {
    apiVersion: "weir/v1alpha1",
    kind: "TrafficSplit",
    metadata: { name: "report" },
    spec: { service: "report", rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 } }] },
  });
  assert.deepEqual(lines, ["dc-a  no rule -> 70 %", "dc-b  no rule -> 30 %"]);
});

const now = new Date("2026-11-21T12:00:00Z");
const swap = { locality: "dc-a/z1", weight: 0, reason: "switch swap", by: "ana", expireTime: "2026-11-21T18:00:00Z" };

test("an override replaces the one of the same place, and those that are over go", () => {
  const old = { ...swap, locality: "dc-b", expireTime: "2026-11-20T18:00:00Z" };
  const before = withOverride(withOverride(splitWith(everyone), old, new Date(0)).document, swap, new Date(0)).document;
  const { document } = withOverride(before, { ...swap, weight: 50 }, now);
  assert.deepEqual(document.spec.overrides, [{ ...swap, weight: 50 }]);
});

test("an override is taken back by its place, or all are", () => {
  const other = { ...swap, locality: "dc-c" };
  const both = withOverride(withOverride(splitWith(everyone), swap, now).document, other, now).document;
  assert.deepEqual(withoutOverride(both, "dc-c/*").document.spec.overrides, [swap]);
  assert.deepEqual(withoutOverride(both, undefined).document.spec.overrides, []);
  assert.equal(withoutOverride(both, "dc-d").document, both);
});

test("a failover to the nearest stays, and may be asked for", () => {
  const near = splitWith({ from: "*", to: { "dc-a": 100 }, failover: "nearest" });
  const kept = withShares(near, { from: "*", to: { "dc-b": 100 }, failover: undefined });
  assert.equal(kept.document.spec.rules?.[0]?.failover, "nearest");
  assert.ok(kept.lines.includes("failover  nearest (as before)"), kept.lines.join("\n"));
  const asked = withShares(splitWith(everyone), { from: "*", to: { "dc-a": 100 }, failover: "nearest" });
  assert.equal(asked.document.spec.rules?.[0]?.failover, "nearest");
});
