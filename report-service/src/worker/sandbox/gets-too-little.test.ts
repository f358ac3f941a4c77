import assert from "node:assert/strict";
import { test } from "node:test";
import { getsTooLittle } from "./gets-too-little.ts";

const after = (ranMs: number, waitedMs: number, perCpu = 1) => getsTooLittle({ ranMs, waitedMs }, perCpu);

test("code gets too little of a CPU where it has less than a third, a second of waiting apart", () => {
  assert.deepEqual([after(0, 900), after(0, 1_100)], [false, true]);
  assert.deepEqual([after(1_000, 2_900), after(1_000, 3_100)], [false, true]);
  // It waited for something else than a CPU.
  assert.equal(after(0, 0), false);
  // Fewer workers than CPUs have a CPU each.
  assert.equal(after(1_000, 3_100, 0.5), true);
});

test("code that waits for other code of its server gets too little where it has less than a third of its share", () => {
  // Four workers of code on one CPU: each has a quarter.
  assert.equal(after(1_000, 3_000, 4), false);
  assert.deepEqual([after(1_000, 11_900, 4), after(1_000, 12_100, 4)], [false, true]);
});
