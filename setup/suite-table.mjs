import { stripVTControlCharacters } from "node:util";

/**
 * What came of a suite. `why`: what it lacked, or how it ended.
 * @typedef {{ readonly name: string, readonly minutes: number } & (
 *   | { readonly kind: "ran", readonly ok: boolean, readonly counts: Counts | undefined, readonly why: string }
 *   | { readonly kind: "not-run", readonly why: string }
 * )} SuiteOutcome
 *
 * `reasons`: why tests were passed over, and how many for each.
 * @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number, readonly reasons: ReadonlyMap<string, number> }} Counts
 */

/**
 * What a suite says of its counts: the last line of `runTests`, or else the lines that begin with ✔ and ✖, as the ledger and the
 * faults print them; undefined where it says neither.
 * @param {string} output
 * @returns {Counts | undefined}
 */
export function countsIn(output) {
  const lines = stripVTControlCharacters(output).split("\n");
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for (const line of lines) {
    const reason = /^\s*﹣ .* # (.+)$/.exec(line)?.[1];
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const sum = lines.map((line) => /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line)).findLast(Boolean);
  if (sum) {
    const [passed = 0, failed = 0, skipped = 0] = sum.slice(1).map((text) => Number(text ?? 0));
    return { passed, failed, skipped, reasons };
  }
  const count = (/** @type {string} */ mark) => lines.filter((line) => line.trimStart().startsWith(`${mark} `)).length;
  const notTried = lines.flatMap((line) => /^\s*- not tried: (.+)$/.exec(line)?.[1] ?? []);
  for (const why of notTried) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const [passed, failed, skipped] = [count("✔"), count("✖"), notTried.length];
  return passed + failed + skipped > 0 ? { passed, failed, skipped, reasons } : undefined;
}

/**
 * Which tests failed, as `runTests` says it at the end, or what the ledger and the faults found not to hold; undefined where it says
 * neither.
 * @param {string} output
 */
export function failuresIn(output) {
  const lines = stripVTControlCharacters(output).split("\n");
  const tests = lines.filter((line) => line.startsWith("failed in "));
  const failed = tests.length > 0 ? tests : lines.filter((line) => line.trimStart().startsWith("✖ "));
  return failed.length > 0 ? failed.map((line) => `\n  ${line.trim()}`).join("") : undefined;
}

/**
 * The table that a night ends with, and below it why anything was not run.
 * @param {readonly SuiteOutcome[]} outcomes
 */
export function suiteTable(outcomes) {
  const rows = outcomes.map((outcome) => {
    const minutes = outcome.minutes.toFixed(1);
    if (outcome.kind === "not-run") return [outcome.name, "not run", "", "", "", minutes];
    const { counts } = outcome;
    const numbers = counts ? [counts.passed, counts.failed, counts.skipped].map(String) : ["", "", ""];
    return [outcome.name, outcome.ok ? "passed" : "FAILED", ...numbers, minutes];
  });
  const all = [["suite", "result", "passed", "failed", "skipped", "minutes"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const text = all.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [...text, ...outcomes.flatMap(reasonsOf)].join("\n");
}

/** @param {SuiteOutcome} outcome */
function reasonsOf(outcome) {
  const { name, why } = outcome;
  if (outcome.kind === "not-run") return ["", `${name} was not run: ${why}`];
  const skipped = [...(outcome.counts?.reasons ?? [])].map(([reason, count]) => `  ${count} skipped: ${reason}`);
  if (!outcome.ok) return ["", `${name} failed: ${why}`, ...skipped];
  return skipped.length > 0 ? ["", name, ...skipped] : [];
}

/**
 * Whether a night was good: something ran, and nothing that ran failed.
 * @param {readonly SuiteOutcome[]} outcomes
 */
export function isGood(outcomes) {
  return outcomes.some(({ kind }) => kind === "ran") && outcomes.every((one) => one.kind === "not-run" || one.ok);
}
