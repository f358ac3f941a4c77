import { availableParallelism, constants } from "node:os";
import { relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { root } from "./folders.mjs";

/** A file that takes longer hangs: the slowest journey takes a fraction of this. */
const fileTimeoutMs = 300_000;

/** Tests that go by clocks and by counts of what real parts do. Whatever else fails does so for a reason of its own. */
const goesByClocks = /^test\/(docs|journeys|faults)\//;

/** More files than this do not fail because the machine is busy. */
const mostRepeated = 3;

/**
 * Runs test files, each in a process of its own, and prints what they say with the sum of all of them as the last line. Few
 * journeys that fail are run once more, one after the other with nothing beside them (docs/decisions/0019-failing-twice.md).
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
  // Two at a time even on two cores: most of a journey is waiting for Consul, Envoy or a clock. With three, four of them failed.
  const concurrency = Math.max(2, availableParallelism() - 1);
  const first = await runOnce(files, { concurrency, signal: stopped.signal });
  let { passed, failed } = first.counts;
  const { skipped } = first.counts;
  const again = [...first.failing.keys()].filter((file) => goesByClocks.test(relative(root, file)));
  const few = first.failing.size <= mostRepeated;
  if (few && again.length > 0 && !stopped.signal.aborted) {
    process.stdout.write(`\n${list(again)} failed beside others and will be run once more, alone\n\n`);
    const second = await runOnce(again, { concurrency: 1, signal: stopped.signal });
    const mended = again.filter((file) => !second.failing.has(file));
    const tests = mended.flatMap((file) => first.failing.get(file) ?? []);
    for (const test of tests) process.stdout.write(`failed beside others, passed alone: ${test}\n`);
    if (second.counts.passed > 0) [passed, failed] = [passed + tests.length, failed - tests.length];
  }
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  return passed > 0 && failed === 0;
}

/**
 * @param {readonly string[]} files
 * @param {{ readonly concurrency: number, readonly signal: AbortSignal }} how
 */
async function runOnce(files, how) {
  const tests = run({ files: [...files], cwd: root, timeout: fileTimeoutMs, ...how });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Map<string, string[]>} the names of the tests that failed, by file */
  const failing = new Map();
  tests.on("test:fail", ({ file, name, details, todo }) => {
    // A test around one that failed says only that; a suite is none.
    if (file === undefined || todo !== undefined || details.type === "suite") return;
    failing.set(file, [...(failing.get(file) ?? []), name]);
  });
  tests.on("test:summary", ({ file, counts: all }) => {
    if (file !== undefined) return;
    counts.passed = all.passed;
    counts.skipped = all.skipped;
    counts.failed = all.tests - all.passed - all.skipped - all.todo;
  });
  for await (const text of tests.compose(new spec())) process.stdout.write(text);
  return { counts, failing };
}

/** @param {readonly string[]} files */
function list(files) {
  return files.map((file) => relative(root, file)).join(", ");
}
