import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, constants, setPriority } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./folders.mjs";
import { runFiles } from "./run-files.mjs";

/** @typedef {import("./run-files.mjs").Outcome} Outcome */

/** Tests that go by clocks and by counts of what real parts do. Whatever else fails does so for a reason of its own. */
const goesByClocks = /^(test\/(docs|journeys|faults)\/|report-service\/src\/report-[^/]+$)/;

/** Tests of real parts: most of their time is waiting for Consul, Envoy or a clock. The others fill that time. */
const ofRealParts = /^test\//;
/** These take a third of a core while they run, or less. */
const mostlyWaits = /^test\/(docs|faults)\/|^test\/journeys\/(consul|guard|measured|page-hands|replicas-registry)/;
const fillingNiceness = 10;

/** More files than this do not fail because the machine is busy. */
const mostRepeated = 3;

/**
 * Runs test files, each in a process of its own, and prints what they say with the sum of all of them as the last line. Few
 * files that go by clocks and fail are run once more, one after the other with nothing beside them (docs/decisions/0019-failing-twice.md).
 * @param {readonly string[]} files
 * @returns {Promise<boolean>} whether there were tests and none failed
 */
export async function runTests(files) {
  const stopped = new AbortController();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      stopped.abort();
    });
  }
  // Two at a time even on two cores, see `ofRealParts`. With three of any kind, four of them failed.
  const concurrency = Math.max(2, availableParallelism() - 1);
  const first = await runAll(files, concurrency, stopped.signal);
  let { passed, failed } = first.counts;
  const { skipped } = first.counts;
  const failing = new Map(first.failing);
  const again = [...failing.keys()].filter((file) => goesByClocks.test(relative(root, file)));
  const few = failing.size <= mostRepeated;
  if (few && again.length > 0 && !stopped.signal.aborted) {
    process.stdout.write(`\n${list(again)} failed beside others and will be run once more, alone\n\n`);
    const second = await runFiles(again, { concurrency: 1, signal: stopped.signal });
    const failingAgain = new Map(second.failing);
    const mended = again.filter((file) => !failingAgain.has(file));
    const tests = mended.flatMap((file) => failing.get(file) ?? []);
    for (const test of tests) process.stdout.write(`failed beside others, passed alone: ${test}\n`);
    if (second.counts.passed > 0) [passed, failed] = [passed + tests.length, failed - tests.length];
    for (const file of mended) failing.delete(file);
  }
  for (const [file, tests] of failing) process.stdout.write(`failed in ${list([file])}: ${tests.join("; ")}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  return passed > 0 && failed === 0;
}

/**
 * @param {readonly string[]} files
 * @param {number} concurrency
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function runAll(files, concurrency, signal) {
  const real = files.filter((file) => ofRealParts.test(relative(root, file)));
  const others = files.filter((file) => !real.includes(file));
  if (real.length === 0 || others.length === 0) return runFiles(files, { concurrency, signal });
  const running = runFiles(real, { concurrency, mostlyWaits, signal });
  const [ofOthers, ofReal] = await Promise.all([runBeside(others, signal, running), running]);
  process.stdout.write(ofOthers.said);
  return {
    counts: {
      passed: ofReal.counts.passed + ofOthers.outcome.counts.passed,
      failed: ofReal.counts.failed + ofOthers.outcome.counts.failed,
      skipped: ofReal.counts.skipped + ofOthers.outcome.counts.skipped,
    },
    failing: [...ofReal.failing, ...ofOthers.outcome.failing],
  };
}

/**
 * In a process that leaves the processor to whoever else wants it; once `others` have ended, three at a time.
 * @param {readonly string[]} files
 * @param {AbortSignal} signal
 * @param {Promise<unknown>} others
 * @returns {Promise<{ readonly outcome: Outcome, readonly said: string }>}
 */
async function runBeside(files, signal, others) {
  const program = fileURLToPath(new URL("run-files-main.mjs", import.meta.url));
  const child = fork(program, [], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  if (child.pid !== undefined) setPriority(child.pid, fillingNiceness);
  signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  /** @type {Outcome | undefined} */
  let outcome;
  child.on("message", (message) => {
    outcome = /** @type {Outcome} */ (message);
  });
  child.send(files);
  // It may have just ended.
  void others.then(() => child.connected && child.send("alone", () => undefined));
  const [code] = await once(child, "close");
  if (outcome) return { outcome, said };
  const counts = { passed: 0, failed: 1, skipped: 0 };
  return { outcome: { counts, failing: [] }, said: `${said}\nthe process of these tests ended with ${code}\n` };
}

/** @param {readonly string[]} files */
function list(files) {
  return files.map((file) => relative(root, file)).join(", ");
}
