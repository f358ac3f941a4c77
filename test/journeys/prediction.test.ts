import assert from "node:assert/strict";
import { test } from "node:test";
import { surprises } from "./prediction/compare.ts";
import { runSituations } from "./prediction/run-situations.ts";
import { situations } from "./prediction/situations.ts";

test("what is predicted of traffic is what Envoy and the Node client make of it, in every situation of the table", async () => {
  const results = await runSituations(situations);
  assert.ok(situations.length >= 60);
  assert.deepEqual(
    surprises(results).map(({ situation, client, lines }) => `${situation.name}, ${client}: ${lines.join(", ")}`),
    [],
  );
});
