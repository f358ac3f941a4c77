import { test } from "node:test";
import { assertPredicted } from "./prediction/assert-predicted.ts";
import { trouble } from "./prediction/situations-trouble.ts";

test("traffic goes where it is predicted to: endpoints that err or are gone", async () => {
  await assertPredicted(trouble);
});
