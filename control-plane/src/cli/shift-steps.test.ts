import assert from "node:assert/strict";
import { test } from "node:test";
import { sharesOfRule, shiftSteps } from "./shift-steps.ts";

const pause = "1m";

test("no place is moved by more points than was said, and the last step is the target", () => {
  const weights = (points: number, target: Readonly<Record<string, number>>) =>
    shiftSteps({ "dc-a": 80, "dc-b": 20 }, target, { points, pause, watched: false }).flatMap((each) =>
      "setWeight" in each ? [each.setWeight] : [],
    );
  assert.deepEqual(weights(10, { "dc-a": 60, "dc-b": 40 }), [50, 100]);
  assert.deepEqual(weights(30, { "dc-b": 100 }), [37.5, 75, 100]);
  assert.deepEqual(weights(100, { "dc-b": 100 }), [100]);
  assert.deepEqual(weights(10, { "dc-a": 80, "dc-b": 20 }), [100]);
  // 7 points of 20 are 35 %, and three times that is more than all of it.
  assert.deepEqual(weights(7, { "dc-a": 60, "dc-b": 40 }), [35, 70, 100]);
});

test("it pauses after each step, after the last one only where it is watched", () => {
  const steps = (watched: boolean) => shiftSteps({ a: 100 }, { b: 100 }, { points: 50, pause, watched });
  assert.deepEqual(steps(false), [{ setWeight: 50 }, { pause }, { setWeight: 100 }]);
  assert.deepEqual(steps(true), [{ setWeight: 50 }, { pause }, { setWeight: 100 }, { pause }]);
});

test("the shares to begin from are those of the rule for exactly these callers", () => {
  const rules = [
    { from: "dc-a/*", to: { "dc-a": 100 } },
    { from: "*", prefer: "nearest" as const },
  ];
  const split = {
    apiVersion: "",
    kind: "TrafficSplit" as const,
    metadata: { name: "report" },
    spec: { service: "report", rules },
  };
  assert.deepEqual(sharesOfRule(split, "dc-a"), { "dc-a": 100 });
  assert.throws(() => sharesOfRule(split, "*"), /callers from \* go to the nearest/);
  assert.throws(() => sharesOfRule(split, "dc-b"), /callers from dc-b have no rule of their own/);
});
