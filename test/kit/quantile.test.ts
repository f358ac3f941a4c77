import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile } from "./quantile.ts";

test("a quantile is a value that was taken, whatever the order they came in", () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([30, 4, 200], 0.99), 200);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
