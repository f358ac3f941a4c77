// node setup/check.mjs          is this good? types, lint, import rules, golden outputs, unit tests
// node setup/check.mjs --all    the same, and everything that runs real parts
// Words after that keep only the tests whose path contains one of them.
import { join } from "node:path";
import { root } from "./folders.mjs";
import { quietly } from "./quietly.mjs";
import { runTests } from "./run-tests.mjs";
import { integrationTests, unitTests } from "./test-files.mjs";

/** @type {readonly { name: string, script: string, args: readonly string[] }[]} */
const steps = [
  { name: "types", script: "node_modules/typescript/bin/tsc", args: ["-p", "."] },
  { name: "types of the page", script: "node_modules/typescript/bin/tsc", args: ["-p", "control-plane/page"] },
  { name: "types of set-up", script: "node_modules/typescript/bin/tsc", args: ["-p", "setup"] },
  { name: "lint and format", script: "node_modules/@biomejs/biome/bin/biome", args: ["check", "--error-on-warnings"] },
  { name: "import rules", script: "setup/check-imports.mjs", args: ["control-plane", "report-service"] },
  { name: "golden outputs", script: "control-plane/src/golden.ts", args: ["--check"] },
];

/**
 * @param {{ name: string, script: string, args: readonly string[] }} step
 * @returns {Promise<boolean>}
 */
async function passes({ name, script, args }) {
  const started = performance.now();
  const { ok, output } = await quietly(process.execPath, [join(root, script), ...args], { cwd: root });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${ok ? "✔" : "✖"} ${name} (${seconds} s)\n${ok ? "" : output}`);
  return ok;
}

const words = process.argv.slice(2).filter((arg) => arg !== "--all");
let failed = 0;
if (words.length === 0) {
  for (const step of steps) {
    if (!(await passes(step))) failed += 1;
  }
}
if (failed > 0) {
  process.stdout.write(`${failed} of ${steps.length} checks failed; the tests were not run\n`);
  process.exitCode = 1;
} else {
  const all = process.argv.includes("--all") ? [...unitTests(), ...integrationTests()] : unitTests();
  const files = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
  if (!(await runTests(files))) process.exitCode = 1;
}
