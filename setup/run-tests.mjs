import { availableParallelism, constants } from "node:os";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { root } from "./folders.mjs";

/** A file that takes longer hangs: the slowest journey takes a fraction of this. */
const fileTimeoutMs = 300_000;

/**
 * Runs test files, each in a process of its own, and prints what they say with the sum of all of them as the last line.
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
  const tests = run({
    files: [...files],
    cwd: root,
    // Two at a time even on two cores: most of a journey is waiting for Consul, Envoy or a clock.
    concurrency: Math.max(2, availableParallelism() - 1),
    timeout: fileTimeoutMs,
    signal: stopped.signal,
  });
  let [passed, failed, skipped] = [0, 0, 0];
  tests.on("test:summary", ({ file, counts }) => {
    if (file !== undefined) return;
    ({ passed, skipped } = counts);
    failed = counts.tests - passed - skipped - counts.todo;
  });
  for await (const text of tests.compose(new spec())) process.stdout.write(text);
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  return passed > 0 && failed === 0;
}
