import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

/** @typedef {import("./run-files.mjs").Outcome} Outcome */

const starts = `const { test } = await import("node:test"); const { spawn } = await import("node:child_process");`;
const forEver = "await new Promise(() => setInterval(() => {}, 1000))";

test("files that hang are killed at the limit with all that they started, and the others are told", async () => {
  const { outcome, said } = await runAll(
    {
      deaf: `${starts} process.on("SIGTERM", () => {});
      test("hears nothing", async () => {
        const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore", env: { PATH: process.env.PATH } });
        console.log("started " + child.pid);
        ${forEver};
      });`,
      busy: `${starts} test("works for ever", () => { for (;;); });`,
      left: `${starts} test("leaves a process behind", () => {
      const child = spawn("sleep", ["600"], { detached: true, stdio: "inherit" });
      console.log("started " + child.pid);
      child.unref();
    });`,
      fine: `${starts} test("is fine", () => {}); test("is not", () => { throw new Error("as it says"); });`,
    },
    "concurrency: 4, timeoutMs: 8000",
  );
  const failing = Object.fromEntries(outcome.failing);
  assert.deepEqual(Object.keys(failing).sort(), ["busy", "deaf", "fine", "left"]);
  assert.deepEqual(failing["fine"], ["is not"]);
  assert.deepEqual(failing["deaf"], ['not ended after 8 s and killed; it was at "hears nothing"']);
  assert.match(String(failing["busy"]), /^not ended after 8 s and killed; /);
  assert.match(String(failing["left"]), /^not ended after 8 s and killed; none of its tests had begun and not ended$/);
  assert.deepEqual(outcome.counts, { passed: 2, failed: 4, skipped: 0 });
  assert.match(said, /left\.test\.mjs: not ended after .* These processes were killed:\n {2}sleep 600\n/);
  const started = [...said.matchAll(/^started (\d+)$/gm)].map(([, pid]) => Number(pid));
  assert.equal(started.length, 2, said);
  for (const pid of started) while (await isAlive(pid)) await setImmediate();
});

test("more files run at a time once that is asked for", async () => {
  const texts = { one: meet("one", "other"), other: meet("other", "one") };
  const { outcome } = await runAll(texts, "concurrency: 1, later: { concurrency: 2, from: Promise.resolve() }");
  assert.deepEqual(outcome, { counts: { passed: 2, failed: 0, skipped: 0 }, failing: [] });
});

test("a file that mostly waits runs beside the others", async () => {
  const texts = { other: meet("other", "waits"), waits: meet("waits", "other") };
  const { outcome } = await runAll(texts, "concurrency: 1, mostlyWaits: /waits[.]test/");
  assert.deepEqual(outcome, { counts: { passed: 2, failed: 0, skipped: 0 }, failing: [] });
});

/**
 * A test that ends once that of `other` runs, which waits for it likewise.
 * @param {string} own
 * @param {string} other
 */
function meet(own, other) {
  return `${starts}
    const { existsSync, writeFileSync } = await import("node:fs");
    test("meets ${other}", async () => {
      const at = (name) => new URL("./" + name + ".met", import.meta.url);
      writeFileSync(at("${own}"), "");
      while (!existsSync(at("${other}"))) await new Promise(setImmediate);
    });`;
}

/**
 * Runs test files of these texts side by side in a process of its own: a test cannot run others.
 * @param {Readonly<Record<string, string>>} texts
 * @param {string} how
 * @returns {Promise<{ readonly outcome: Outcome, readonly said: string }>} the files are named as in `texts`
 */
async function runAll(texts, how) {
  const folder = await mkdtemp(join(tmpdir(), "weir-run-files-"));
  try {
    const files = Object.keys(texts).map((name) => join(folder, `${name}.test.mjs`));
    for (const [index, text] of Object.values(texts).entries()) await writeFile(files[index] ?? "", text);
    const program = `
      const { runFiles } = await import(${JSON.stringify(new URL("./run-files.mjs", import.meta.url).href)});
      process.send(await runFiles(${JSON.stringify(files)}, { ${how}, signal: new AbortController().signal }));
      process.disconnect();`;
    const main = join(folder, "main.mjs");
    await writeFile(main, program);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = fork(main, [], { stdio: ["ignore", "pipe", "inherit", "ipc"], env });
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const [[message]] = await Promise.all([once(child, "message"), once(child, "close")]);
    const { counts, failing } = /** @type {Outcome} */ (message);
    const name = (/** @type {string} */ file) => Object.keys(texts)[files.indexOf(file)] ?? file;
    return { outcome: { counts, failing: failing.map(([file, tests]) => [name(file), tests]) }, said };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * One that was killed and not waited for yet has no command line.
 * @param {number} pid
 */
async function isAlive(pid) {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.startsWith("sleep");
}
