import { randomUUID } from "node:crypto";
import { relative } from "node:path";
import { Readable } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { root } from "./folders.mjs";
import { killMarked } from "./kill-marked.mjs";

/** A file that takes longer hangs: the slowest journey takes a fraction of this. */
const fileTimeoutMs = 300_000;

/** Tells the processes of one test file from all others. Not `WEIR_…`: Weir refuses what it does not know. */
const mark = "TEST_FILE_RUN";

/**
 * @typedef {{
 *   readonly counts: { readonly passed: number, readonly failed: number, readonly skipped: number },
 *   readonly failing: readonly (readonly [file: string, tests: readonly string[]])[],
 * }} Outcome
 *
 * @typedef {ReturnType<typeof run>} Events
 */

/**
 * Runs test files, each in a process of its own, and prints what they say. A file that has not ended in time is killed with
 * all that it started, and counts as failed.
 * @param {readonly string[]} files
 * @param {{
 *   readonly concurrency: number,
 *   readonly signal: AbortSignal,
 *   readonly timeoutMs?: number,
 *   readonly mostlyWaits?: RegExp,
 *   readonly later?: { readonly concurrency: number, readonly from: Promise<unknown> },
 * }} how
 *   `mostlyWaits`: of files with such a path one more runs beside the others; `later`: how many run at a time, and from when on
 * @returns {Promise<Outcome>}
 */
export async function runFiles(files, { concurrency, signal, timeoutMs = fileTimeoutMs, mostlyWaits, later }) {
  const all = files.map((file) => ({
    file,
    events: /** @type {PromiseWithResolvers<Events>} */ (Promise.withResolvers()),
  }));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Map<string, readonly string[]>} */
  const failing = new Map();
  const thatWait = all.filter(({ file }) => mostlyWaits?.test(relative(root, file)));
  const beside = thatWait.values();
  const others = all.filter((each) => !thatWait.includes(each)).values();

  /** @param {readonly IterableIterator<typeof all[number]>[]} queues */
  async function runSome(...queues) {
    for (const { file, events } of inTurn(queues)) {
      const running = runFile(file, signal, timeoutMs);
      events.resolve(running.events);
      const { counts: its, failing: tests } = await running.ended;
      counts.passed += its.passed;
      counts.failed += its.failed;
      counts.skipped += its.skipped;
      if (tests.length > 0) failing.set(file, tests);
    }
  }

  // As the files stand, not mixed: those that run beside another one wait for it to have been told.
  async function* told() {
    for (const { events } of all) {
      // What has no file is the sum of a single file.
      for await (const event of await events.promise) if ("file" in event.data && event.data.file) yield event;
    }
  }

  const runMore = (/** @type {number} */ count) => Array.from({ length: count }, () => runSome(others, beside));
  const work = runMore(concurrency);
  if (thatWait.length > 0) work.push(runSome(beside));
  void later?.from.then(() => work.push(...runMore(later.concurrency - concurrency)));
  for await (const text of Readable.from(told()).compose(new spec())) process.stdout.write(text);
  await Promise.all(work);
  return { counts, failing: [...failing] };
}

/**
 * All of the first queue, then all of the next: of what others take from them at the same time, each goes to one.
 * @template Item
 * @param {readonly IterableIterator<Item>[]} queues
 */
function* inTurn(queues) {
  for (const queue of queues) yield* queue;
}

/**
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {number} timeoutMs
 */
function runFile(file, signal, timeoutMs) {
  const id = randomUUID();
  // A limit of `run` ends the tests, and not the process of a file.
  const events = run({ files: [file], cwd: root, signal, env: { ...process.env, [mark]: id } });
  /** @type {Set<string>} */
  const open = new Set();
  /** @type {string[]} */
  const failing = [];
  /** @type {PromiseWithResolvers<{ readonly counts: Outcome["counts"], readonly failing: readonly string[] }>} */
  const { promise: ended, resolve } = Promise.withResolvers();
  /** @type {string | undefined} */
  let hung;
  const limit = setTimeout(() => {
    const killed = killMarked(mark, id);
    const at = open.size > 0 ? `it was at "${[...open].join('", "')}"` : "none of its tests had begun and not ended";
    hung = `not ended after ${timeoutMs / 1_000} s and killed; ${at}`;
    const processes = killed.map((command) => `  ${command}\n`).join("");
    process.stdout.write(`\n${relative(root, file)}: ${hung}. These processes were killed:\n${processes}`);
  }, timeoutMs);
  events.on("test:dequeue", ({ name, type }) => {
    if (name !== file && type !== "suite") open.add(name);
  });
  events.on("test:complete", ({ name }) => void open.delete(name));
  events.on("test:fail", ({ file: at, name, details, todo }) => {
    // A test around one that failed says only that; a suite is none.
    if (at === undefined || todo !== undefined || details.type === "suite") return;
    failing.push(name);
  });
  events.on("test:summary", ({ file: of, counts: all }) => {
    if (of !== undefined) return;
    clearTimeout(limit);
    const { passed, skipped } = all;
    const failed = all.tests - passed - skipped - all.todo;
    if (hung === undefined) return resolve({ counts: { passed, failed, skipped }, failing });
    // One whose tests had all passed has failed for all that; that it was killed is no news.
    const tests = [...failing.filter((name) => name !== file), hung];
    return resolve({ counts: { passed, failed: Math.max(1, failed), skipped }, failing: tests });
  });
  return { events, ended };
}
