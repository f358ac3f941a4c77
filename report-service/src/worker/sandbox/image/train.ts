import { setFlagsFromString } from "node:v8";
import { tieringBudget } from "../engine-flags.ts";
import type { SandboxJob } from "../sandbox-job.ts";
import { type SandboxMessage, sandboxMessageOf } from "../sandbox-message.ts";

const types = ["VARCHAR", "INTEGER", "BIGINT", "DECIMAL(18,2)", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN"];
const names = ["region", "units", "visits", "revenue", "share", "day", "sold", "online"];
const rows = [
  ["north", 12, "90071992547409930", "1234.50", 0.25, "2026-01-31", "2026-01-31T10:20:30", true],
  ["south", 7, "12", "-0.05", 1e-7, "2024-02-29", "2024-02-29T00:00:00.5", null],
];

/** What a worker answers to the one query of `training.py` and `training.js`. */
export const answers: readonly object[] = [
  { cursor: 1, names, types },
  { rows, last: true },
];

export const trainingJob = (code: string): SandboxJob => ({
  ...{ code, file: "training", parameters: { year: 2026 }, memoryBytes: 2 ** 28 },
  columns: names.map((name, index) => [name, types[index] ?? ""]),
});

/** Throws unless a job has ended as it should, by what it said last. */
export function expectEnd(said: unknown, kind: SandboxMessage["kind"]): void {
  if (sandboxMessageOf(said)?.kind !== kind)
    throw new Error(`training ended with ${JSON.stringify(said)}, not ${kind}`);
}

/** Has V8 optimize each function that `work` calls, at once, of the modules that are compiled in it. */
export async function whileOptimizing(work: () => Promise<void>): Promise<void> {
  for (const flag of ["--wasm-tiering-budget=1", "--wasm-sync-tier-up"]) setFlagsFromString(flag);
  await work();
  for (const flag of [tieringBudget, "--no-wasm-sync-tier-up"]) setFlagsFromString(flag);
}
