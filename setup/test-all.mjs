// npm run test:all -- [--only test,brokers,…]: everything that proves something, one after the other, and a table of it at the end.
// A suite that fails does not keep the next ones from running; one that lacks a part is not run, and the table says why.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./folders.mjs";
import { nodeFlags } from "./node-flags.mjs";
import { describeMissing } from "./part.mjs";
import { prepare } from "./prepare.mjs";
import { countsIn, failuresIn, isGood, suiteTable } from "./suite-table.mjs";
import { suites, suitesOf } from "./suites.mjs";
import { targets } from "./targets.mjs";

/** @typedef {import("./suite-table.mjs").SuiteOutcome} SuiteOutcome */
/** @typedef {import("./suites.mjs").Suite} Suite */

// Three times what the longest takes. What hangs is told to end, and ended where it does not.
const longestMs = 90 * 60_000;
const endsWithinMs = 60_000;

const { values } = parseArgs({ options: { only: { type: "string" } } });
const chosen =
  values.only === undefined ? { ok: /** @type {const} */ (true), suites } : suitesOf(values.only.split(","));
if (chosen.ok) await runAll(chosen.suites);
else {
  const names = suites.map(({ name }) => name).join(", ");
  process.stderr.write(`--only names ${chosen.unknown.join(", ")}; there are ${names}\n`);
  process.exitCode = 2;
}

/** @param {readonly Suite[]} all */
async function runAll(all) {
  const stopped = new AbortController();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      stopped.abort();
    });
  }
  /** @type {SuiteOutcome[]} */
  const outcomes = [];
  for (const suite of all) {
    if (stopped.signal.aborted) break;
    process.stdout.write(`\n==== ${suite.name}\n`);
    outcomes.push(await runSuite(suite, stopped.signal));
  }
  process.stdout.write(`\n${suiteTable(outcomes)}\n`);
  if (!isGood(outcomes)) process.exitCode ??= 1;
}

/**
 * @param {Suite} suite
 * @param {AbortSignal} signal
 * @returns {Promise<SuiteOutcome>}
 */
async function runSuite({ name, target: targetName, args, needs }, signal) {
  const target = targets[targetName];
  if (!target)
    throw new Error(`setup/suites.mjs: ${name} is of ${targetName}, and setup/targets.mjs has no such target`);
  const started = performance.now();
  const minutes = () => (performance.now() - started) / 60_000;
  const prepared = await prepare(needs ?? target.needs, undefined);
  if (prepared.kind === "not-ready") {
    const why = describeMissing(prepared.missing);
    process.stdout.write(`${why}\n`);
    return { kind: "not-run", name, why, minutes: minutes() };
  }
  const child = spawn(prepared.node, [...nodeFlags, join(root, target.script), ...target.args, ...args], {
    cwd: root,
    env: { ...prepared.env, ...target.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const late = AbortSignal.timeout(longestMs);
  const ended = AbortSignal.any([signal, late]);
  /** @type {NodeJS.Timeout | undefined} */
  let killing;
  const stop = () => {
    child.kill("SIGTERM");
    killing = setTimeout(() => child.kill("SIGKILL"), endsWithinMs);
  };
  ended.addEventListener("abort", stop, { once: true });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    process.stdout.write(text);
    output += text;
  });
  const [code, endedBy] = await once(child, "close");
  ended.removeEventListener("abort", stop);
  clearTimeout(killing);
  const counts = countsIn(output);
  // A suite that says that something failed has failed, whatever it ended with.
  const ok = code === 0 && !late.aborted && (counts?.failed ?? 0) === 0;
  return {
    kind: "ran",
    name,
    ok,
    counts,
    minutes: minutes(),
    why: late.aborted
      ? `it took more than ${longestMs / 60_000} minutes`
      : (failuresIn(output) ?? `it ended with ${endedBy ?? code}`),
  };
}
