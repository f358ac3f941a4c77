import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locality, LocalityPattern } from "../model/locality.ts";
import type { GuardMetric } from "../model/shift.ts";
import { createBaselines } from "./baseline.ts";
import { limitOf } from "./limit-of.ts";
import { keepLoadHistory } from "./load-history.ts";

const everywhere: LocalityPattern = { region: undefined, zone: undefined, subZone: undefined };
const there = (region: string): Locality => ({ region, zone: "z1", subZone: "" });
const rules = [{ from: everywhere, spread: { kind: "nearest" }, failover: [] }] as const;
const relative: GuardMetric = { kind: "error-rate", maxIncrease: 0.01 };
const { signal } = new AbortController();

function historyOf(...windows: readonly (readonly [ok: number, error: number])[]) {
  const stop = new AbortController();
  let [ok, error] = [0, 0];
  const observed = () => [{ service: "report", from: there("dc-a"), to: there("dc-a"), ok, error }];
  const history = keepLoadHistory({ windowMs: 10_000, observed }, stop.signal);
  for (const window of windows) {
    [ok, error] = window;
    history.take();
  }
  stop.abort();
  return history;
}

const ask = (history: ReturnType<typeof historyOf>, metrics: readonly GuardMetric[], values?: readonly number[]) =>
  createBaselines({
    history,
    ask: values && (async () => values),
    now: () => new Date(),
  })({ service: "report", rules, from: "*", metrics, minRequests: 20 }, signal);

test("an error rate before is that of the rule's callers in the windows that are remembered, five minutes of them", async () => {
  const windows = Array.from({ length: 31 }, (_, index): [number, number] => (index === 0 ? [0, 1_000] : [99, 1]));
  const history = historyOf(...windows);
  assert.equal(history.of("report").seconds, 300);
  assert.deepEqual(history.of("other").loads, []);
  const { metrics, unknown } = await ask(history, [relative]);
  assert.deepEqual([metrics, unknown], [[{ name: "error-rate", value: 0.01, requests: 3_000 }], []]);
});

test("too few requests before are said, and needed only by a limit that stands alone", async () => {
  const says =
    "clients have reported 19 requests of these callers to this replica in the 5 minutes before, and 20 are needed";
  const few = historyOf([19, 0]);
  const { metrics, unknown } = await ask(few, [relative]);
  assert.deepEqual([metrics, unknown], [[], [{ name: "error-rate", says, isNeeded: true }]]);
  const both = await ask(few, [{ ...relative, max: 0.05 }]);
  assert.deepEqual(both.unknown, [{ name: "error-rate", says, isNeeded: false }]);
  assert.deepEqual((await ask(few, [{ kind: "error-rate", max: 0.05 }])).unknown, [], "nothing refers to it");
});

test("a query's value before is the middle one of five minutes, if there are enough and a Prometheus", async () => {
  const p99: GuardMetric = { kind: "prometheus", name: "p99", query: "q", maxRatio: 1.5 };
  const history = historyOf();
  assert.deepEqual((await ask(history, [p99], [0.2, 9, 0.1, 0.3, 0.2])).metrics, [
    { name: "p99", value: 0.2, requests: undefined },
  ]);
  const whyOf = async (values?: readonly number[]) => (await ask(history, [p99], values)).unknown[0]?.says;
  assert.match((await whyOf([0.2])) ?? "", /^Prometheus has 1 values/);
  assert.match((await whyOf([0, 0, 0, 0])) ?? "", /no multiple/);
  assert.match((await whyOf()) ?? "", /no Prometheus is configured/);
});

test("of several limits the narrowest holds, and of a time without failures one is taken for the least", () => {
  const before = { name: "error-rate", value: 0.002, requests: 1_000 };
  assert.deepEqual(limitOf({ max: 0.01, maxIncrease: 0.005, maxRatio: 10 }, before), {
    limit: 0.007,
    because: "0.002 before the shift, and 0.005 more",
  });
  assert.equal(limitOf({ max: 0.01, maxIncrease: 0.05 }, before)?.limit, 0.01);
  assert.equal(limitOf({ maxRatio: 3 }, { ...before, value: 0 })?.limit, 0.003);
  assert.equal(limitOf({ maxRatio: 3 }, { name: "p99", value: 0 }), undefined);
  assert.equal(limitOf({ maxIncrease: 3 }, undefined), undefined);
});
