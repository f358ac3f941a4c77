import { test } from "node:test";
import { assertPredicted } from "./prediction/assert-predicted.ts";
import { capacity } from "./prediction/situations-capacity.ts";
import { weights } from "./prediction/situations-weights.ts";
import { skipLong } from "./prediction/skip-long.ts";

test("traffic goes where it is predicted to: weights and capacities", { skip: skipLong }, async () => {
  await assertPredicted([...weights, ...capacity]);
});
