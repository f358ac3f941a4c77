import assert from "node:assert/strict";
import { test } from "node:test";
import { getsTooLittle } from "./watch-cpu-time.ts";

const start = { ranMs: 500, waitedMs: 2_000 };
const after = (ranMs: number, waitedMs: number) =>
  getsTooLittle(start, { ranMs: start.ranMs + ranMs, waitedMs: start.waitedMs + waitedMs });

test("code gets too little of a CPU where it has less than a third, a second of waiting apart", () => {
  assert.deepEqual([after(0, 900), after(0, 1_100)], [false, true]);
  assert.deepEqual([after(1_000, 2_900), after(1_000, 3_100)], [false, true]);
  // What it waited for something else than a CPU is neither.
  assert.equal(after(0, 0), false);
});
