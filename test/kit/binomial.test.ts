import assert from "node:assert/strict";
import { test } from "node:test";
import { assertShare, binomialInterval } from "./binomial.ts";

test("the interval is the distribution's own 0.05 % and 99.95 % quantiles", () => {
  // Computed apart, with another log-gamma.
  assert.deepEqual(binomialInterval(3000, 0.7), { low: 2017, high: 2182 });
  assert.deepEqual(binomialInterval(100, 0.5), { low: 34, high: 66 });
});

test("a share of nothing gets nothing, and of everything everything", () => {
  assert.deepEqual(binomialInterval(500, 0), { low: 0, high: 0 });
  assert.deepEqual(binomialInterval(500, 1), { low: 500, high: 500 });
});

test("a count outside of the interval is said with what was expected", () => {
  assertShare(2100, { of: 3000, share: 0.7, what: "dc-a" });
  assert.throws(
    () => assertShare(2000, { of: 3000, share: 0.7, what: "dc-a" }),
    /dc-a: 2000 of 3000; a share of 0.7 gives 20\d\d to 21\d\d/,
  );
});
