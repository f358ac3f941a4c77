import assert from "node:assert/strict";
import { test } from "node:test";
import { createFailureDigest } from "./failure-digest.ts";

const failure = (details: string) => ({
  at: 0,
  client: "edge-a",
  method: "GetReport",
  status: "UNAVAILABLE",
  details,
  region: "dc-b",
});

test("the first failure is told at once, those of the next five seconds together", () => {
  const { add } = createFailureDigest();
  assert.equal(add([], 0, 0), undefined);
  assert.deepEqual(add([failure("a")], 1, 1_000), { kind: "requests-failed", count: 1, example: failure("a") });
  assert.equal(add([failure("b")], 7, 2_000), undefined);
  assert.equal(add([], 0, 5_999), undefined);
  assert.deepEqual(add([failure("c")], 3, 6_000), { kind: "requests-failed", count: 10, example: failure("b") });
  assert.equal(add([], 0, 20_000), undefined);
});
