import assert from "node:assert/strict";
import { test } from "node:test";
import { noDistances } from "../model/distances.ts";
import { type Locality, type LocalityPattern, localityText, parseLocalityPattern } from "../model/locality.ts";
import { parseServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { plainSplit, type Split, type SplitRule } from "../model/split.ts";
import type { ObservedLoad } from "../serve/loads/observed-loads.ts";
import { driftsOf } from "./drift.ts";
import { failoversActive } from "./failovers-active.ts";
import { observedRatios, observedTraffic } from "./observed-traffic.ts";

const report = parseServiceName("report");
assert.ok(report);
const service = { spec: { name: report }, endpoints: [] } as unknown as Service;

test("each target of a rule gets its share of what the rule's callers sent", () => {
  const split = splitOf(shares("dc-a/*", { "dc-a": 80, "dc-b": 20 }, ["dc-c"]), shares("*", { "dc-b": 100 }));
  const loads = [load("dc-a/z1 -> dc-a/z1", 300), load("dc-a/z2 -> dc-a/z2", 100, 4), load("dc-a/z1 -> dc-b/z1", 100)];
  assert.deepEqual(shown(split, [...loads, load("dc-b/z1 -> dc-b/z1", 50)]), [
    "dc-a -> dc-a share 80 % 40 rps 1 % errors",
    "dc-a -> dc-b share 20 % 10 rps 0 % errors",
    "dc-a -> dc-c standby 0 % 0 rps",
    "* -> dc-b share 100 % 5 rps 0 % errors",
  ]);
});

test("while callers of a rule send nothing there is no share, not one of zero", () => {
  assert.deepEqual(shown(splitOf(shares("*", { "dc-a": 100 })), []), ["* -> dc-a share 0 rps"]);
});

test("a caller counts under the first rule that names it, and without one under the last", () => {
  const split = splitOf(shares("dc-a/z1", { "dc-a": 100 }), shares("dc-a/*", { "dc-b": 100 }));
  const loads = [load("dc-a/z1 -> dc-a/z1", 10), load("dc-a/z2 -> dc-b/z1", 20), load("dc-x -> dc-c/z1", 30)];
  assert.deepEqual(shown(split, loads), [
    "dc-a/z1 -> dc-a share 100 % 1 rps 0 % errors",
    "dc-a -> dc-b share 100 % 2 rps 0 % errors",
    "* -> nearest nearest 100 % 3 rps 0 % errors (dc-c 100 %)",
  ]);
});

test("a zone's own share counts before that of its region", () => {
  const split = splitOf(shares("*", { "dc-a": 60, "dc-a/z1": 40 }));
  assert.deepEqual(shown(split, [load("dc-a -> dc-a/z1", 40), load("dc-a -> dc-a/z2", 60)]), [
    "* -> dc-a share 60 % 6 rps 0 % errors",
    "* -> dc-a/z1 share 40 % 4 rps 0 % errors",
  ]);
});

test("the nearest of many callers is told region by region, and their standbys apart", () => {
  const split = splitOf({
    from: pattern("*"),
    spread: { kind: "nearest" },
    failover: [pattern("dc-b"), pattern("dc-c")],
  });
  const loads = [
    load("dc-a/z1 -> dc-a/z1", 50),
    load("dc-b/z1 -> dc-b/z2", 25),
    load("dc-a/z1 -> dc-b/z1", 15),
    load("dc-a/z1 -> dc-c/z1", 10),
  ];
  assert.deepEqual(shown(split, loads), [
    "* -> nearest nearest 75 % 7.5 rps 0 % errors (dc-a 50 %, dc-b 25 %)",
    "* -> dc-b standby 15 % 1.5 rps 0 % errors",
    "* -> dc-c standby 10 % 1 rps 0 % errors",
  ]);
});

test("traffic that no rule sends there is shown", () => {
  assert.deepEqual(
    shown(splitOf(shares("*", { "dc-a": 100 })), [load("dc-a -> dc-a", 90), load("dc-a -> dc-z/z1", 10)]),
    ["* -> dc-a share 90 % 9 rps 0 % errors", "* -> dc-z unplanned 10 % 1 rps 0 % errors"],
  );
});

const quiet = { held: new Map(), distances: noDistances };

test("ratios bear the labels of the weights; what is nearest bears its region, together with the standby of that name", () => {
  const world = { revision: 1, catalog: new Map([[report, service]]), policies: new Map(), routes: [], ...quiet };
  const ratios = (split: Split, loads: readonly ObservedLoad[]) =>
    observedRatios({ ...world, splits: new Map([[report, split]]) }, loads).map(
      ({ service, from, to, ratio }) => `${service} ${from} -> ${to} ${ratio}`,
    );
  assert.deepEqual(ratios(splitOf(shares("dc-a/*", { "dc-a": 70, "dc-b": 30 })), [load("dc-a -> dc-b", 10)]), [
    "report dc-a -> dc-a 0",
    "report dc-a -> dc-b 1",
  ]);
  const near = splitOf({ from: pattern("*"), spread: { kind: "nearest" }, failover: [pattern("dc-b")] });
  assert.deepEqual(ratios(near, [load("dc-a -> dc-a", 2), load("dc-b -> dc-b", 1), load("dc-a -> dc-b", 1)]), [
    "report * -> dc-a 0.5",
    "report * -> dc-b 0.5",
  ]);
  assert.deepEqual(ratios(near, [{ ...load("dc-a -> dc-a", 2), service: "unknown" }]), []);
  assert.deepEqual(observedRatios(undefined, [load("dc-a -> dc-a", 2)]), []);
});

test("a failover is active when callers under its rule send more than 1 % to its places", () => {
  const world = { revision: 1, catalog: new Map([[report, service]]), policies: new Map(), routes: [], ...quiet };
  const rules = [shares("dc-a/*", { "dc-a": 100 }, ["dc-c"]), shares("*", { "dc-b": 100 })];
  const active = (...loads: readonly ObservedLoad[]) =>
    failoversActive({ ...world, splits: new Map([[report, splitOf(...rules)]]) }, loads);
  const row = (active: boolean) => [{ service: "report", from: "dc-a", active }];
  assert.deepEqual(active(load("dc-a -> dc-a", 98), load("dc-a -> dc-c", 2)), row(true));
  assert.deepEqual(active(load("dc-a -> dc-a", 99), load("dc-a -> dc-c", 1)), row(false));
  assert.deepEqual(active(load("dc-b -> dc-c", 5)), [], "a rule without a failover has none, and one without callers");
});

function shown(split: Split | undefined, loads: readonly ObservedLoad[]): readonly string[] {
  return observedTraffic(split, service, loads, 10_000).map(({ from, to, use, observed, regions }) => {
    const { percent, rps, errorPercent } = observed;
    const share = percent === undefined ? "" : ` ${percent} %`;
    const errors = errorPercent === undefined ? "" : ` ${errorPercent} % errors`;
    const where = regions.map(({ region, observed }) => `${region} ${observed.percent} %`).join(", ");
    return `${from} -> ${to} ${use}${share} ${rps} rps${errors}${where && ` (${where})`}`;
  });
}

/** `dc-a/z1 -> dc-b/z1` */
function load(text: string, requests: number, error = 0): ObservedLoad {
  const [from = "", to = ""] = text.split(" -> ");
  const counts = { requests, ok: requests - error, error, inProgress: 0 };
  assert.equal(localityText(locality(from)), from);
  return { service: "report", from: locality(from), to: locality(to), priority: 0, ...counts };
}

function locality(text: string): Locality {
  const [region = "", zone = "", subZone = ""] = text.split("/");
  return { region, zone, subZone };
}

function shares(from: string, to: Readonly<Record<string, number>>, failover: readonly string[] = []): SplitRule {
  const targets = Object.entries(to).map(([text, percent]) => ({ locality: pattern(text), percent }));
  return { from: pattern(from), spread: { kind: "shares", to: targets }, failover: failover.map(pattern) };
}

function splitOf(...rules: readonly SplitRule[]): Split {
  assert.ok(report);
  return { name: "report", service: report, rules, ...plainSplit };
}

function pattern(text: string): LocalityPattern {
  const result = parseLocalityPattern(text);
  assert.ok(result.ok);
  return result.value;
}

test("a share that is far from what it is to be is told, unless too few requests tell it or an override explains it", () => {
  const split = splitOf(shares("*", { "dc-a": 70, "dc-b": 30 }));
  const drifts = (loads: readonly ObservedLoad[], of: Split = split) => {
    const rows = observedTraffic(of, service, loads, 10_000);
    const driftOf = driftsOf(of, rows);
    return rows.map(driftOf);
  };
  const even = [load("dc-a -> dc-a/z1", 100), load("dc-a -> dc-b/z1", 100)];
  assert.deepEqual(drifts(even), [-20, 20]);
  assert.deepEqual(drifts([load("dc-a -> dc-a/z1", 62), load("dc-a -> dc-b/z1", 38)]), [undefined, undefined]);
  assert.deepEqual(drifts([load("dc-a -> dc-a/z1", 5), load("dc-a -> dc-b/z1", 5)]), [undefined, undefined]);
  const override = { weight: 50, reason: "", by: "", expireTime: new Date(), locality: pattern("dc-a") };
  assert.deepEqual(drifts(even, { ...split, overrides: [override] }), [undefined, undefined]);
});
