import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "./fault.ts";
import { runFault } from "./run-fault.ts";

/** Its short form as a test; WEIR_FAULTS_SEED repeats what a failure printed. */
export function proveFault(fault: Fault): void {
  const seed = Number(process.env["WEIR_FAULTS_SEED"] ?? Date.now() % 2 ** 31);
  test(`everything holds that must: ${fault.breaks} (seed ${seed})`, async (t) => {
    const outcome = await runFault(fault, { seed, short: true, say: (what) => t.diagnostic(what) });
    if (outcome.kind === "not-tried") return t.skip(outcome.why);
    if (outcome.kind === "failed") throw outcome.cause;
    for (const { invariant, found } of outcome.verdicts) t.diagnostic(`${invariant}: ${found}`);
    assert.deepEqual(
      outcome.verdicts.filter(({ holds }) => !holds),
      [],
    );
  });
}
