import { test } from "node:test";
import { assertPredicted } from "./prediction/assert-predicted.ts";
import { hashing } from "./prediction/situations-hashing.ts";
import { routes } from "./prediction/situations-routes.ts";
import { skipLong } from "./prediction/skip-long.ts";

test("traffic goes where it is predicted to: hashes, routes and subsets", { skip: skipLong }, async () => {
  await assertPredicted([...routes, ...hashing]);
});
