import { run } from "node:test";
import { spec } from "node:test/reporters";
import { root } from "./folders.mjs";

/** A file that takes longer hangs: the slowest journey takes a fraction of this. */
const fileTimeoutMs = 300_000;

/**
 * @typedef {{
 *   readonly counts: { readonly passed: number, readonly failed: number, readonly skipped: number },
 *   readonly failing: readonly (readonly [file: string, tests: readonly string[]])[],
 * }} Outcome
 */

/**
 * Runs test files, each in a process of its own, and prints what they say.
 * @param {readonly string[]} files
 * @param {{ readonly concurrency: number, readonly signal: AbortSignal }} how
 * @returns {Promise<Outcome>}
 */
export async function runFiles(files, how) {
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
  return { counts, failing: [...failing] };
}
