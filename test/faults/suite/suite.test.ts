import assert from "node:assert/strict";
import { test } from "node:test";
import { faults } from "./faults.ts";
import { runFault } from "./run-fault.ts";

const seed = Number(process.env["WEIR_FAULTS_SEED"] ?? Date.now() % 2 ** 31);

for (const fault of faults) {
  test(`${fault.breaks} (seed ${seed})`, async (t) => {
    const outcome = await runFault(fault, { seed, short: true, say: (what) => t.diagnostic(what) });
    if (outcome.kind === "not-tried") return t.skip(outcome.why);
    if (outcome.kind === "failed") throw outcome.cause;
    for (const { invariant, found } of outcome.verdicts) t.diagnostic(`${invariant}: ${found}`);
    const broken = outcome.verdicts.filter(({ holds }) => !holds);
    assert.deepEqual(broken, []);
  });
}
