import { test } from "node:test";
import { assertPredicted } from "./prediction/assert-predicted.ts";
import { health } from "./prediction/situations-health.ts";

test("traffic goes where it is predicted to: health, panic and draining", async () => {
  await assertPredicted(health);
});
