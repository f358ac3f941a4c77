import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, Health } from "../../model/service.ts";
import { ringWeights } from "./ring-weights.ts";

const weights = (...members: readonly (readonly [weight: number, health?: Health])[]) =>
  ringWeights(members.map(([weight, health = "serving"]) => ({ endpoint: {} as Endpoint, health, weight }))).map(
    ({ weight }) => weight,
  );

test("the endpoints of a locality weigh the same together, however many they are and whatever each weighs", () => {
  assert.deepEqual(weights([100]), [10_000]);
  assert.deepEqual(weights([100], [100], [100]), [3_333, 3_333, 3_333]);
  assert.deepEqual(weights([300], [100]), [7_500, 2_500]);
});

test("those that a gRPC client is not given do not count, and none is without weight", () => {
  assert.deepEqual(weights([100], [100, "failing"]), [10_000, 10_000]);
  assert.deepEqual(weights([10_000], [10_000], [1]), [5_000, 5_000, 1]);
  assert.deepEqual(weights([100, "draining"]), [100]);
});
