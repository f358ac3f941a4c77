import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Locality,
  localityText,
  parseLocality,
  parseLocalityPattern,
  unknownLocality,
} from "../../model/locality.ts";
import type { EndpointId, SourceName } from "../../model/names.ts";
import type { Endpoint, Health } from "../../model/service.ts";
import type { Override, SplitRule } from "../../model/split.ts";
import { apportion, placeLocalities, priorityWeight } from "./locality-priority.ts";

test("each target gets exactly its percent, divided among its zones by their endpoints' weights", () => {
  const placed = place(
    { to: { "dc-a": 70, "dc-b": 30 } },
    { "dc-a/z1": ["serving", "serving", "serving"], "dc-a/z2": ["serving"], "dc-b/z1": ["serving"] },
  );
  assert.deepEqual(placed, { priorities: [{ "dc-a/z1": 52.5, "dc-a/z2": 17.5, "dc-b/z1": 30 }], draining: [] });
});

test("each failover entry is the next priority, and one that has nothing leaves no gap", () => {
  const placed = place(
    { to: { "dc-a": 100 }, failover: ["dc-x", "dc-c", "dc-b"] },
    { "dc-a/z1": ["serving"], "dc-b/z1": ["serving"], "dc-c/z1": ["serving"] },
  );
  assert.deepEqual(placed.priorities, [{ "dc-a/z1": 100 }, { "dc-c/z1": 100 }, { "dc-b/z1": 100 }]);
});

test("a locality stands in the first priority that names it only", () => {
  const placed = place(
    { to: { "dc-a/z1": 100 }, failover: ["dc-a", "*"] },
    { "dc-a/z1": ["serving"], "dc-a/z2": ["serving"], "dc-b/z1": ["serving"] },
  );
  assert.deepEqual(placed.priorities, [{ "dc-a/z1": 100 }, { "dc-a/z2": 100 }, { "dc-b/z1": 100 }]);
});

test("a locality belongs to the narrowest target that names it", () => {
  const placed = place(
    { to: { "dc-a": 60, "dc-a/z1": 10, "*": 30 } },
    { "dc-a/z1": ["serving"], "dc-a/z2": ["serving"], "dc-b/z1": ["serving"] },
  );
  assert.deepEqual(placed.priorities, [{ "dc-a/z1": 10, "dc-a/z2": 60, "dc-b/z1": 30 }]);
});

test("a target of 0 is not in the first priority, but is a failover where it is listed as one", () => {
  const there = { "dc-a/z1": ["serving"], "dc-b/z1": ["serving"] } as const;
  assert.deepEqual(place({ to: { "dc-a": 100, "dc-b": 0 } }, there).priorities, [{ "dc-a/z1": 100 }]);
  assert.deepEqual(place({ to: { "dc-a": 100, "dc-b": 0 }, failover: ["dc-b"] }, there).priorities, [
    { "dc-a/z1": 100 },
    { "dc-b/z1": 100 },
  ]);
});

test("nearest is the caller's zone, then its region, then everywhere else", () => {
  const there = { "dc-a/z1": ["serving"], "dc-a/z2": ["serving"], "dc-b/z1": ["serving"] } as const;
  assert.deepEqual(place({ caller: "dc-a/z1" }, there).priorities, [
    { "dc-a/z1": 100 },
    { "dc-a/z2": 100 },
    { "dc-b/z1": 100 },
  ]);
  assert.deepEqual(place({ caller: "dc-a" }, there).priorities, [{ "dc-a/z1": 50, "dc-a/z2": 50 }, { "dc-b/z1": 100 }]);
});

test("nearest with a failover list goes nowhere else, and a caller from elsewhere begins with the list", () => {
  const there = { "dc-a/z1": ["serving"], "dc-b/z1": ["serving"], "dc-c/z1": ["serving"] } as const;
  assert.deepEqual(place({ caller: "dc-a/z9", failover: ["dc-b"] }, there).priorities, [
    { "dc-a/z1": 100 },
    { "dc-b/z1": 100 },
  ]);
  assert.deepEqual(place({ caller: "dc-x/z1", failover: ["dc-b"] }, there).priorities, [{ "dc-b/z1": 100 }]);
});

test("nothing is nearest to a caller that does not say where it is", () => {
  const placed = place(
    { failover: ["dc-b"] },
    { "dc-a/z1": ["serving"], "dc-b/z1": ["serving", "serving", "serving"] },
  );
  assert.deepEqual(placed.priorities, [{ "dc-a/z1": 25, "dc-b/z1": 75 }]);
});

test("where distances are known nearest goes on region after region, those equally far together and the unknown last", () => {
  const there = {
    "dc-a/z1": ["serving"],
    "dc-b/z1": ["serving"],
    "dc-c/z1": ["serving"],
    "dc-d/z1": ["serving"],
    "dc-e/z1": ["serving"],
  } as const;
  const distances = { "dc-a": { "dc-b": 80, "dc-c": 12, "dc-d": 12 }, "dc-x": { "dc-e": 1, "dc-a": 9 } };
  assert.deepEqual(place({ caller: "dc-a/z1", distances }, there).priorities, [
    { "dc-a/z1": 100 },
    { "dc-c/z1": 50, "dc-d/z1": 50 },
    { "dc-b/z1": 100 },
    { "dc-e/z1": 100 },
  ]);
  assert.deepEqual(place({ caller: "dc-x/z1", distances }, there).priorities.slice(0, 2), [
    { "dc-e/z1": 100 },
    { "dc-a/z1": 100 },
  ]);
});

test("a failover to the nearest begins with the caller's own region, and ends with what a share of 0 keeps out", () => {
  const there = {
    "dc-a/z1": ["serving"],
    "dc-b/z1": ["serving"],
    "dc-c/z1": ["serving"],
    "dc-d/z1": ["serving"],
  } as const;
  const distances = { "dc-a": { "dc-b": 5, "dc-c": 12, "dc-d": 80 } };
  const rule = { caller: "dc-a/z1", to: { "dc-d": 100, "dc-b": 0 }, failover: "nearest" as const, distances };
  assert.deepEqual(place(rule, there).priorities, [
    { "dc-d/z1": 100 },
    { "dc-a/z1": 100 },
    { "dc-c/z1": 100 },
    { "dc-b/z1": 100 },
  ]);
});

test("an override scales the weight that a locality would have had, and 0 takes it out of failover too", () => {
  const there = { "dc-a/z1": ["serving"], "dc-a/z2": ["serving"], "dc-b/z1": ["serving"] } as const;
  const rule = { to: { "dc-a": 80, "dc-b": 20 } };
  assert.deepEqual(place({ ...rule, overrides: { "dc-a/z1": 50 } }, there).priorities, [
    { "dc-a/z1": 20, "dc-a/z2": 40, "dc-b/z1": 20 },
  ]);
  assert.deepEqual(place({ ...rule, overrides: { "dc-a/z1": 0 } }, there).priorities, [
    { "dc-a/z2": 80, "dc-b/z1": 20 },
  ]);
  assert.deepEqual(place({ to: { "dc-a": 100 }, failover: ["dc-b"], overrides: { "dc-b": 0 } }, there).priorities, [
    { "dc-a/z1": 50, "dc-a/z2": 50 },
  ]);
});

test("an isolated place's callers get all of it and nothing else, and others get none of it", () => {
  const there = {
    "dc-a/z1": ["serving"],
    "dc-a/z2": ["failing"],
    "dc-b/z1": ["serving"],
    "dc-c/z1": ["serving"],
  } as const;
  const rule = { to: { "dc-a": 50, "dc-b": 50 }, failover: ["dc-c"], isolated: ["dc-a"] };
  const from = (caller: string, more = {}) => place({ ...rule, ...more, caller }, there).priorities;
  assert.deepEqual(from("dc-a/z1"), [{ "dc-a/z1": 25, "dc-a/z2": 25 }]);
  assert.deepEqual(from("dc-b/z1"), [{ "dc-b/z1": 50 }, { "dc-c/z1": 100 }]);
  assert.deepEqual(place(rule, there).priorities, [{ "dc-b/z1": 50 }, { "dc-c/z1": 100 }], "of unknown place");
  assert.deepEqual(
    from("dc-a/z1", { to: { "dc-b": 100 } }),
    [{ "dc-a/z1": 50, "dc-a/z2": 50 }],
    "no rule leads inside",
  );
  assert.deepEqual(from("dc-b/z1", { isolated: ["dc-a", "dc-b"] }), [{ "dc-b/z1": 50 }]);
  const byTheRule = [{ "dc-a/z1": 25, "dc-a/z2": 25, "dc-b/z1": 50 }, { "dc-c/z1": 100 }];
  assert.deepEqual(from("dc-d/z1", { isolated: ["dc-d"] }), byTheRule, "nothing is inside");
});

test("failing endpoints keep their weight, draining ones give theirs to the rest of their target", () => {
  const placed = place(
    { to: { "dc-a": 60, "dc-b": 40 } },
    { "dc-a/z1": ["failing", "serving"], "dc-a/z2": ["draining", "serving"], "dc-b/z1": ["draining"] },
  );
  assert.deepEqual(placed, {
    priorities: [{ "dc-a/z1": 40, "dc-a/z2": 20 }],
    draining: ["dc-a/z2", "dc-b/z1"],
  });
});

test("a split that leaves nothing while something is there sends to all that is there", () => {
  assert.deepEqual(place({ to: { "dc-x": 100 } }, { "dc-a/z1": ["serving"], "dc-b/z1": ["serving"] }).priorities, [
    { "dc-a/z1": 50, "dc-b/z1": 50 },
  ]);
  const drained = place({ to: { "dc-a": 100 } }, { "dc-a/z1": ["draining"], "dc-b/z1": ["serving"] });
  assert.deepEqual(drained, { priorities: [{ "dc-b/z1": 100 }], draining: ["dc-a/z1"] });
  assert.deepEqual(place({ overrides: { "*": 0 } }, { "dc-a/z1": ["serving"] }).priorities, [{ "dc-a/z1": 100 }]);
});

test("of a service that drains as a whole only draining endpoints are left", () => {
  assert.deepEqual(place({}, { "dc-a/z1": ["draining"] }), { priorities: [], draining: ["dc-a/z1"] });
});

test("whole numbers add up to the amount, whatever the parts", () => {
  for (const parts of [[1, 1, 1], [100, 1, 9_999], [7], [3, 5, 11, 13, 17]]) {
    const whole = apportion(priorityWeight, parts);
    assert.equal(
      whole.reduce((sum, each) => sum + each, 0),
      priorityWeight,
    );
  }
  assert.deepEqual(apportion(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(apportion(10, [1_000_000, 1]), [10, 1]);
});

test("weights of three thousand requests' fineness fit 32 bits together with an endpoint's", () => {
  assert.ok(priorityWeight * 10_000 < 2 ** 32);
  assert.ok(priorityWeight >= 100 * 3_000);
});

type Rule = {
  readonly to?: Readonly<Record<string, number>>;
  readonly failover?: readonly string[] | "nearest";
  readonly distances?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly isolated?: readonly string[];
  readonly caller?: string;
};

/** Places endpoints told by locality and health; weights are given back as percent of a priority's weight. */
function place(rule: Rule, there: Readonly<Record<string, readonly Health[]>>) {
  const endpoints = Object.entries(there).flatMap(([where, healths], zone) =>
    healths.map((health, index) => endpoint(localityOf(where), health, zone * 100 + index)),
  );
  const spread: SplitRule["spread"] = rule.to
    ? { kind: "shares", to: Object.entries(rule.to).map(([to, percent]) => ({ locality: pattern(to), percent })) }
    : { kind: "nearest" };
  const placement = placeLocalities(
    endpoints,
    {
      ...{ from: pattern("*"), spread },
      failover: rule.failover === "nearest" ? rule.failover : (rule.failover ?? []).map(pattern),
    },
    [
      ...Object.entries(rule.overrides ?? {}).map(([where, weight]) => override(where, weight)),
      ...(rule.isolated ?? []).map((where) => ({ ...override(where, 0), isolates: true })),
    ],
    rule.caller === undefined ? unknownLocality : localityOf(rule.caller),
    new Map(Object.entries(rule.distances ?? {}).map(([from, to]) => [from, new Map(Object.entries(to))])),
  );
  return {
    priorities: placement.priorities.map((placed) =>
      Object.fromEntries(
        placed.map(({ group, weight }) => [localityText(group.locality), (weight * 100) / priorityWeight]),
      ),
    ),
    draining: placement.draining.map(({ locality }) => localityText(locality)),
  };
}

function override(where: string, weight: number): Override {
  return { locality: pattern(where), weight, reason: "test", by: "test", expireTime: new Date(0) };
}

function endpoint(locality: Locality, health: Health, index: number): Endpoint {
  const address = { host: `10.0.${Math.floor(index / 100)}.${(index % 100) + 1}`, port: 9090 };
  const id = `${address.host}:9090` as EndpointId;
  return { id, address, locality, health, weight: 100, metadata: {}, source: "test" as SourceName };
}

function pattern(text: string) {
  const parsed = parseLocalityPattern(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function localityOf(text: string): Locality {
  const parsed = parseLocality(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}
