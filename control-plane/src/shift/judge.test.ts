import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locality, LocalityPattern } from "../model/locality.ts";
import type { Shift } from "../model/shift.ts";
import type { SplitRule } from "../model/split.ts";
import { errorRateFailure, type GuardLoad, inARow, lastInterval, nextInterval, valueFailure } from "./judge.ts";

const region = (name: string): LocalityPattern => ({ region: name, zone: undefined, subZone: undefined });
const everywhere: LocalityPattern = { region: undefined, zone: undefined, subZone: undefined };
const there = (name: string): Locality => ({ region: name, zone: "z1", subZone: "" });
const at = (ms: number) => new Date(Date.parse("2026-11-21T12:00:00Z") + ms);

const shift: Shift = {
  ...{ name: "shift-1", from: everywhere, onFailure: "rollback", by: "ana", reason: "" },
  base: [{ locality: region("dc-a"), percent: 100 }],
  target: [
    { locality: region("dc-a"), percent: 40 },
    { locality: region("dc-b"), percent: 60 },
  ],
  steps: [{ kind: "set-weight", percent: 100 }],
  guard: { intervalMs: 5_000, failureLimit: 2, minRequests: 20, metrics: [] },
  ...{
    startTime: at(0),
    cursor: { step: 0, time: at(0) },
    paused: undefined,
    before: [],
    failures: [],
    ended: undefined,
  },
};
const rule = (from: LocalityPattern): SplitRule => ({ from, spread: { kind: "nearest" }, failover: [] });
const load = (from: string, to: string, ok: number, error: number): GuardLoad => ({
  ...{ from: there(from), to: there(to) },
  ...{ ok, error },
});

test("only errors of the rule's callers at places that gain count, and only of enough requests", () => {
  const rules = [rule(region("dc-c")), rule(everywhere)];
  const judged = (...loads: GuardLoad[]) => errorRateFailure(shift, rules, loads, { max: 0.01 });
  assert.equal(
    judged(load("dc-a", "dc-b", 30, 5), load("dc-b", "dc-b", 10, 5)),
    "error-rate of dc-b is 20 % of 50 requests, over 1 %",
  );
  assert.equal(judged(load("dc-a", "dc-a", 0, 100)), undefined, "dc-a loses traffic");
  assert.equal(judged(load("dc-c", "dc-b", 0, 100)), undefined, "callers of another rule");
  assert.equal(judged(load("dc-a", "dc-b", 0, 19)), undefined, "too few");
  assert.equal(judged(load("dc-a", "dc-b", 990, 10)), undefined, "as many as are allowed");
});

test("an error rate is judged by what it was before the shift, and by nothing where that is not known", () => {
  const before = [{ name: "error-rate", value: 0.05, requests: 1_000 }];
  const judged = (each: Shift, error: number) =>
    errorRateFailure(each, [rule(everywhere)], [load("dc-a", "dc-b", 100 - error, error)], { maxIncrease: 0.02 });
  assert.equal(judged({ ...shift, before }, 7), undefined);
  assert.equal(
    judged({ ...shift, before }, 8),
    "error-rate of dc-b is 8 % of 100 requests, over 7 % (5 % before the shift, and 2 % more)",
  );
  assert.equal(judged(shift, 100), undefined);
  const p99 = { name: "p99", maxRatio: 2 };
  const slow = { ...shift, before: [{ name: "p99", value: 0.1 }] };
  assert.equal(valueFailure(slow, p99, 0.2), undefined);
  assert.equal(valueFailure(slow, p99, 0.3), "p99 is 0.3, over 0.2 (2 times the 0.1 before the shift)");
});

test("intervals are counted from the start, alike for everybody who counts", () => {
  assert.deepEqual(
    [0, 4_999, 5_000, 12_345].map((ms) => lastInterval(shift, at(ms))),
    [undefined, undefined, 0, 1],
  );
  assert.deepEqual(
    [0, 4_999, 5_000].map((ms) => nextInterval(shift, at(ms))),
    [at(5_000), at(5_000), at(10_000)],
  );
});

test("a good interval in between begins the count anew", () => {
  const failures = [0, 1, 3].map((interval) => ({ interval, time: at(0), says: "" }));
  assert.deepEqual(
    [1, 3, 4].map((interval) => inARow(failures, interval)),
    [2, 1, 0],
  );
});
