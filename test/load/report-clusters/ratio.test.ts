import assert from "node:assert/strict";
import { test } from "node:test";
import { bootstrap, type Round, ratioByRound, ratioOfAll } from "./ratio.ts";

const steps = Array.from({ length: 100 }, (_, index) => 10 + index / 100);
/** Rounds that drift by a factor of two, in each of which `one` takes `times` as long as `other`. */
const drifting = (times: number): readonly Round[] =>
  Array.from({ length: 12 }, (_, round) => {
    const other = steps.map((step) => step * (1 + (round % 4) / 3));
    return { one: other.map((took) => took * times), other };
  });

for (const [way, ratioOf] of Object.entries({ ratioOfAll, ratioByRound })) {
  test(`${way}: what drifts touches both sides of a round, and does not widen the ratio`, () => {
    const { ratio, low, high } = bootstrap(ratioOf, drifting(1.2), 0.99);
    for (const each of [ratio, low, high]) assert.ok(Math.abs(each - 1.2) < 1e-9, `${each}`);
  });

  test(`${way}: rounds that disagree leave the ratio open between them`, () => {
    const rounds = [0.8, 0.9, 1, 1.1, 1.2].map((times) => ({ one: steps.map((step) => step * times), other: steps }));
    const { low, high } = bootstrap(ratioOf, rounds, 0.5);
    assert.ok(low < 1 && high > 1 && low >= 0.8 && high <= 1.2, `${low} to ${high}`);
  });

  test(`${way}: of one round there is nothing to draw but itself`, () => {
    const { ratio, low, high } = bootstrap(ratioOf, drifting(1.5).slice(0, 1), 0.5);
    assert.deepEqual([low, high], [ratio, ratio]);
  });
}

test("one slow round decides p99 of all, and moves it little round by round", () => {
  const slow = steps.map((step) => step * 10);
  const rounds = [...drifting(1).slice(0, 9), { one: slow, other: steps }];
  assert.ok(ratioOfAll(rounds, 0.99) > 4);
  assert.ok(ratioByRound(rounds, 0.99) < 1.3);
});
