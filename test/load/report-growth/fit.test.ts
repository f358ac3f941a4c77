import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentOf } from "./fit.ts";

const points = (law: (size: number) => number) => [10, 100, 1_000].map((size) => ({ size, value: law(size) }));

test("the exponent tells how a value grows with a size", () => {
  assert.equal(exponentOf(points(() => 7))?.toFixed(3), "0.000");
  assert.equal(exponentOf(points((size) => 3 * size))?.toFixed(3), "1.000");
  assert.equal(exponentOf(points((size) => 0.1 * size ** 2))?.toFixed(3), "2.000");
});

test("one point alone has no exponent", () => {
  assert.equal(exponentOf([{ size: 10, value: 3 }]), undefined);
});
