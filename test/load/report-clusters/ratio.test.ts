import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile, type Round, ratioOfQuantiles } from "./ratio.ts";

const steps = Array.from({ length: 100 }, (_, index) => 10 + index / 100);
/** Rounds that drift by a factor of two, in each of which `one` takes `times` as long as `other`. */
const drifting = (times: number): readonly Round[] =>
  Array.from({ length: 12 }, (_, round) => {
    const other = steps.map((step) => step * (1 + (round % 4) / 3));
    return { one: other.map((took) => took * times), other };
  });

test("a quantile is a value that was taken, whatever the order they came in", () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([30, 4, 200], 0.99), 200);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("what drifts touches both sides of a round, and does not widen the ratio", () => {
  const { ratio, low, high } = ratioOfQuantiles(drifting(1.2), 0.99);
  for (const each of [ratio, low, high]) assert.ok(Math.abs(each - 1.2) < 1e-9, `${each}`);
});

test("rounds that disagree leave the ratio open between them", () => {
  const rounds = [0.8, 0.9, 1, 1.1, 1.2].map((times) => ({ one: steps.map((step) => step * times), other: steps }));
  const { low, high } = ratioOfQuantiles(rounds, 0.5);
  assert.ok(low < 1 && high > 1 && low >= 0.8 && high <= 1.2, `${low} to ${high}`);
});

test("of one round there is nothing to draw but itself", () => {
  const { ratio, low, high } = ratioOfQuantiles(drifting(1.5).slice(0, 1), 0.5);
  assert.deepEqual([low, high], [ratio, ratio]);
});
