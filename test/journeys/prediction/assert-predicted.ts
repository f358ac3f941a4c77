import assert from "node:assert/strict";
import { surprises } from "./compare.ts";
import { runSituations } from "./run-situations.ts";
import type { Situation } from "./situation.ts";

/** Throws unless Envoy and the Node client make of each situation what is predicted. */
export async function assertPredicted(situations: readonly Situation[]): Promise<void> {
  const results = await runSituations(situations);
  const lines = surprises(results).map(
    ({ situation, client, lines }) => `${situation.name}, ${client}: ${lines.join(", ")}`,
  );
  assert.deepEqual(lines, []);
}
