import assert from "node:assert/strict";
import { test } from "node:test";
import { noDistances } from "../../model/distances.ts";
import { type HeldHealth, type LocalityKey, localityKey } from "../../model/held-health.ts";
import { localityText, parseLocality, parseLocalityPattern } from "../../model/locality.ts";
import type { EndpointId, ServiceName, SourceName } from "../../model/names.ts";
import type { Endpoint, Health } from "../../model/service.ts";
import { plainSplit, type Split, type SplitRule } from "../../model/split.ts";
import type { Viewer } from "../../model/viewer.ts";
import { planSpread } from "./spread-plan.ts";
import { ruleFor, type Spreading } from "./spreading.ts";

const twoThenThird = { to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] };
const threeOfFour = (failing: number): readonly Health[] =>
  Array.from({ length: 4 }, (_, index) => (index < failing ? "failing" : "serving"));

test("with everything healthy both kinds of client are told the rule", () => {
  for (const flavour of ["envoy", "grpc"] as const)
    assert.deepEqual(told(twoThenThird, { "dc-a": 4, "dc-b": 4, "dc-c": 4 }, { flavour }), [
      "dc-a 70, dc-b 30",
      "dc-c 100",
    ]);
});

test("an Envoy is told the rule however many endpoints fail, for it moves the weights itself", () => {
  assert.deepEqual(told(twoThenThird, { "dc-a": threeOfFour(3), "dc-b": 4, "dc-c": 4 }, { flavour: "envoy" }), [
    "dc-a 70, dc-b 30",
    "dc-c 100",
  ]);
});

test("as a data center's health falls, a gRPC client is told the shares that Envoy would come to", () => {
  const grpc = (failing: number) => told(twoThenThird, { "dc-a": threeOfFour(failing), "dc-b": 4, "dc-c": 4 });
  assert.deepEqual(grpc(1), ["dc-a 70, dc-b 30", "dc-c 100"]);
  // 6 of 8, overprovisioned, still take all; dc-a keeps 0.7 of its 70.
  assert.deepEqual(grpc(2), ["dc-a 62, dc-b 38", "dc-c 100"]);
  // 5 of 8 take 87 %, divided as 24.5 to 30.
  assert.deepEqual(grpc(3), ["dc-a 39.1, dc-b 47.9, dc-c 13"]);
  assert.deepEqual(grpc(4), ["dc-b 70, dc-c 30", "dc-a 100"]);
});

test("what a first priority cannot take goes into it as localities of the next", () => {
  const rule = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };
  assert.deepEqual(told(rule, { "dc-a": threeOfFour(2), "dc-b": 4, "dc-c": 4 }), ["dc-a 70, dc-b 30", "dc-c 100"]);
  assert.deepEqual(told(rule, { "dc-a": threeOfFour(3), "dc-b": threeOfFour(3), "dc-c": 4 }), [
    "dc-a 35, dc-b 35, dc-c 30",
  ]);
  assert.deepEqual(told(rule, { "dc-a": threeOfFour(4), "dc-b": 4, "dc-c": 4 }), ["dc-b 100", "dc-c 100", "dc-a 100"]);
});

test("in a standby too each locality has the weight that its endpoints can bear", () => {
  const rule = { to: { "dc-a": 100 }, failover: ["*"] };
  const there = { "dc-a": 4, "dc-b": threeOfFour(2), "dc-c": 4 };
  assert.deepEqual(told(rule, there), ["dc-a 100", "dc-b 41.2, dc-c 58.8"]);
  assert.deepEqual(told(rule, there, { flavour: "envoy" }), ["dc-a 100", "dc-b 50, dc-c 50"]);
});

test("where nothing is healthy the rule stays as it is", () => {
  assert.deepEqual(told(twoThenThird, { "dc-a": ["failing"], "dc-b": ["failing"] }), ["dc-a 70, dc-b 30"]);
});

test("with a hashing policy a locality keeps its weight, as in Envoy", () => {
  const there = { "dc-a": threeOfFour(2), "dc-b": 4, "dc-c": 4 };
  assert.deepEqual(told(twoThenThird, there, { keepsWeights: true }), ["dc-a 70, dc-b 30", "dc-c 100"]);
});

test("of more than 20 endpoints health counts in steps of 5 %", () => {
  const many = (failing: number) => Array.from({ length: 40 }, (_, i): Health => (i < failing ? "failing" : "serving"));
  const rule = { to: { "dc-a": 100 }, failover: ["dc-b"] };
  assert.deepEqual(told(rule, { "dc-a": many(20), "dc-b": 4 }), ["dc-a 70, dc-b 30"]);
  assert.deepEqual(told(rule, { "dc-a": many(21), "dc-b": 4 }), ["dc-a 63, dc-b 37"]);
  assert.deepEqual(told(rule, { "dc-a": many(22), "dc-b": 4 }), ["dc-a 63, dc-b 37"]);
});

test("what is held back is used last, by both kinds of client, and its requests stay where they went", () => {
  for (const flavour of ["envoy", "grpc"] as const) {
    const options = { flavour, held: { "dc-a": 0 } };
    assert.deepEqual(told(twoThenThird, { "dc-a": 4, "dc-b": 4, "dc-c": 4 }, options), [
      "dc-b 70, dc-c 30",
      "dc-a 100",
    ]);
    const inPart = { flavour, held: { "dc-a": 50 } };
    assert.deepEqual(told(twoThenThird, { "dc-a": 4, "dc-b": 4, "dc-c": 4 }, inPart), ["dc-a 62, dc-b 38", "dc-c 100"]);
  }
});

test("nothing is held back when the rest would not be enough", () => {
  for (const flavour of ["envoy", "grpc"] as const)
    assert.deepEqual(
      told(
        twoThenThird,
        { "dc-a": 4, "dc-b": threeOfFour(4), "dc-c": threeOfFour(4) },
        { flavour, held: { "dc-a": 0 } },
      )[0],
      flavour === "envoy" ? "dc-a 70, dc-b 30" : "dc-a 100",
    );
});

test("what is held back for gRPC's slow weights alone is nothing to an Envoy", () => {
  const there = { "dc-a": 4, "dc-b": 4, "dc-c": 4 };
  const options = { held: { "dc-a": 50 }, onEnvoy: false };
  assert.deepEqual(told(twoThenThird, there, { flavour: "envoy", ...options })[0], "dc-a 70, dc-b 30");
  assert.deepEqual(told(twoThenThird, there, { flavour: "grpc", ...options })[0], "dc-a 62, dc-b 38");
});

test("an Envoy that is told shares is told a factor with which the first priority is healthy enough for all of them", () => {
  const there = { "dc-a": 4, "dc-b": threeOfFour(3), "dc-c": threeOfFour(2) };
  const { levels, overprovisioningFactor } = plan(twoThenThird, there, { flavour: "envoy", held: { "dc-a": 25 } });
  const [first = []] = levels;
  const hosts = first.flatMap(({ group }) => group.live);
  const serving = hosts.filter(({ health }) => health === "serving");
  assert.ok((overprovisioningFactor * serving.length) / hosts.length >= 100);
});

test("a failover does not load a data center past its ceiling while the next has room", () => {
  const rule = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };
  const limits = { expected: { "dc-a": 1000 }, ceilings: { "dc-b": 400 } };
  for (const flavour of ["envoy", "grpc"] as const) {
    // Prepared before anything fails: dc-a, then dc-b with as much as it bears, and dc-c with the rest.
    assert.deepEqual(told(rule, { "dc-a": 4, "dc-b": 4, "dc-c": 4 }, { flavour, limits }), [
      "dc-a 100",
      "dc-b 40, dc-c 60",
    ]);
  }
  const dead = { "dc-a": threeOfFour(4), "dc-b": 4, "dc-c": 4 };
  assert.deepEqual(told(rule, dead, { limits }), ["dc-b 40, dc-c 60", "dc-a 100"]);
  assert.deepEqual(told(rule, dead, { flavour: "envoy", limits }), ["dc-a 100", "dc-b 40, dc-c 60"]);
  // 90 to 10, of which Envoy takes three tenths of what the half healthy dc-b has.
  const half = { "dc-a": threeOfFour(4), "dc-b": threeOfFour(2), "dc-c": 4 };
  assert.deepEqual(
    told(rule, half, { flavour: "envoy", limits: { ...limits, ceilings: { "dc-c": 100 } } })[0],
    "dc-b 92.8, dc-c 7.2",
  );
});

test("what other callers send counts, and a data center bears what its serving endpoints do", () => {
  const split = {
    "dc-a/*": { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] },
    "dc-b/*": { to: { "dc-b": 100 }, failover: ["dc-c"] },
  };
  const limits = { expected: { "dc-a": 1000, "dc-b": 600 }, rpsPerEndpoint: 250 };
  const there = { "dc-a": threeOfFour(4), "dc-b": 4, "dc-c": 4 };
  // dc-b bears 1000, 600 of them its own callers'.
  assert.deepEqual(told(split, there, { limits })[0], "dc-b 40, dc-c 60");
  assert.deepEqual(told(split, there, { limits, caller: "dc-b/z1" })[0], "dc-b 100");
});

test("what no one has room for stays where it was", () => {
  const rule = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };
  const limits = { expected: { "dc-a": 1000 }, ceilings: { "dc-b": 400, "dc-c": 100 } };
  assert.deepEqual(told(rule, { "dc-a": threeOfFour(4), "dc-b": 4, "dc-c": 4 }, { limits })[0], "dc-b 90, dc-c 10");
});

test("a data center that nobody may use by its weight gets nothing, however full the others are", () => {
  const rule = { to: { "dc-a": 100, "dc-c": 0 }, failover: ["dc-b"] };
  const limits = { expected: { "dc-a": 1000 }, ceilings: { "dc-a": 300, "dc-b": 400 } };
  assert.deepEqual(told(rule, { "dc-a": 4, "dc-b": 4, "dc-c": 4 }, { limits }), ["dc-a 60, dc-b 40"]);
});

test("a data center that is held back is used before another is loaded past its ceiling", () => {
  const rule = { to: { "dc-a": 100 }, failover: ["dc-b"] };
  const limits = { expected: { "dc-a": 1000 }, ceilings: { "dc-b": 400 } };
  assert.deepEqual(told(rule, { "dc-a": 4, "dc-b": 4 }, { limits, held: { "dc-a": 0 } }), ["dc-a 60, dc-b 40"]);
});

type Rule = { readonly to: Readonly<Record<string, number>>; readonly failover?: readonly string[] };
type There = Readonly<Record<string, number | readonly Health[]>>;
type Options = {
  readonly flavour?: Viewer["flavour"];
  readonly caller?: string;
  readonly keepsWeights?: boolean;
  readonly held?: Readonly<Record<string, number>>;
  readonly onEnvoy?: boolean;
  readonly limits?: {
    readonly expected: Readonly<Record<string, number>>;
    readonly ceilings?: Readonly<Record<string, number>>;
    readonly rpsPerEndpoint?: number;
  };
};

/** The priorities as text, in percent of each; a number of endpoints is that many serving ones, in zone z1. */
function told(rules: Rule | Readonly<Record<string, Rule>>, there: There, options: Options = {}): readonly string[] {
  return plan(rules, there, options).levels.map((level) => {
    const total = level.reduce((sum, { weight }) => sum + weight, 0);
    return level
      .map(
        ({ group, weight }) =>
          `${localityText(group.locality).slice(0, -3)} ${Math.round((weight * 1000) / total) / 10}`,
      )
      .join(", ");
  });
}

function plan(rules: Rule | Readonly<Record<string, Rule>>, there: There, options: Options) {
  const { flavour = "grpc", caller = "dc-a/z1", keepsWeights = false, held = {}, onEnvoy = true, limits } = options;
  const endpoints = Object.entries(there).flatMap(([where, what], region) =>
    (typeof what === "number" ? Array.from({ length: what }, () => "serving" as const) : what).map((health, index) =>
      endpoint(`${where}/z1`, health, `10.${region}.0.${index + 1}`),
    ),
  );
  const split: Split = {
    ...{ name: "report", service: "report" as ServiceName, ...plainSplit },
    rules:
      "to" in rules ? [ruleOf("*", rules as Rule)] : Object.entries(rules).map(([from, rule]) => ruleOf(from, rule)),
    ceilings: Object.entries(limits?.ceilings ?? {}).map(([region, rps]) => ({ region, rps })),
    expectedRps: Object.entries(limits?.expected ?? {}).map(([from, rps]) => ({ from: pattern(from), rps })),
  };
  const spreading: Spreading = {
    rule: ruleFor(split, localityOf(caller)).rule,
    overrides: [],
    caller: localityOf(caller),
    overprovisioningFactor: 140,
    keepsWeights,
    distances: noDistances,
    held: heldOf(held, onEnvoy),
    limits: limits && { split, rpsPerEndpoint: limits.rpsPerEndpoint, endpoints },
  };
  return planSpread(endpoints, spreading, flavour);
}

function heldOf(held: Readonly<Record<string, number>>, onEnvoy: boolean): HeldHealth {
  return new Map(
    Object.entries(held).map(([where, percent]): [LocalityKey, { percent: number; onEnvoy: boolean }] => [
      localityKey(localityOf(`${where}/z1`)),
      { percent, onEnvoy },
    ]),
  );
}

function ruleOf(from: string, { to, failover = [] }: Rule): SplitRule {
  const targets = Object.entries(to).map(([where, percent]) => ({ locality: pattern(where), percent }));
  return { from: pattern(from), spread: { kind: "shares", to: targets }, failover: failover.map(pattern) };
}

function endpoint(where: string, health: Health, host: string): Endpoint {
  const common = { weight: 100, metadata: {}, source: "test" as SourceName };
  return { id: host as EndpointId, address: { host, port: 9090 }, locality: localityOf(where), health, ...common };
}

function pattern(text: string) {
  const parsed = parseLocalityPattern(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function localityOf(text: string) {
  const parsed = parseLocality(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}
