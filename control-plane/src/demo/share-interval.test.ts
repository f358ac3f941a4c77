import assert from "node:assert/strict";
import { test } from "node:test";
import { shareInterval } from "./share-interval.ts";

test("the interval leaves out fewer than one of 1,000 runs", () => {
  // Computed with an independent implementation of the binomial distribution.
  assert.deepEqual(shareInterval(3000, 0.7), { low: 2017, high: 2182 });
  assert.deepEqual(shareInterval(100, 0.5), { low: 34, high: 66 });
});

test("a share of nothing gets nothing, of everything everything", () => {
  assert.deepEqual(shareInterval(500, 0), { low: 0, high: 0 });
  assert.deepEqual(shareInterval(500, 1), { low: 500, high: 500 });
});
