import assert from "node:assert/strict";
import { test } from "node:test";
import { orderedReport } from "./ordered-report.ts";

test("reports in every language are ordered, those in Python least", () => {
  const ordered = Array.from({ length: 100 }, (_, index) => orderedReport(() => index / 100).kind);
  const count = (kind: string) => ordered.filter((each) => each === `reportKinds/${kind}`).length;
  assert.deepEqual([count("top-products"), count("customer-cohorts"), count("tiered-invoice")], [85, 10, 5]);
});
