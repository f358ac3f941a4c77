import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./folders.mjs";
import { countsIn, failuresIn, isGood, suiteTable } from "./suite-table.mjs";
import { suites, suitesOf } from "./suites.mjs";
import { targets } from "./targets.mjs";

test("every script of package.json that tests is a suite of test:all, and every suite is of a target", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tests = Object.keys(scripts).filter((name) => /^test(:|$)/.test(name) && name !== "test:all");
  const names = suites.map(({ name }) => name);
  assert.deepEqual(
    tests.filter((name) => !names.includes(name)),
    [],
  );
  assert.deepEqual(
    suites.filter(({ target }) => !(target in targets)),
    [],
  );
});

test("suites are named with or without test:, and come in the order of the list", () => {
  const chosen = suitesOf(["fuzz", "garage", "test:brokers"]);
  assert.deepEqual(chosen.ok && chosen.suites.map(({ name }) => name), ["test:brokers", "fuzz", "test:garage"]);
});

test("a suite that is not there is answered with those that are, and nothing is run", () => {
  const program = join(root, "setup", "test-all.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "--only", "fuzz,brkers"], {
    encoding: "utf8",
  });
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^--only names brkers; there are test, test:clients, /);
});

test("counts are those of a suite's last sum, with the reasons of what was passed over", () => {
  const output = [
    "✔ one (3ms)",
    "\u001b[90m﹣ two (0.1ms) # there is no Kafka here\u001b[39m",
    "  ﹣ three (0.1ms) # there is no Kafka here",
    "3 passed, 1 failed, 2 skipped",
    "4 passed, 0 failed, 2 skipped",
    "",
  ].join("\n");
  assert.deepEqual(countsIn(output), {
    ...{ passed: 4, failed: 0, skipped: 2 },
    reasons: new Map([["there is no Kafka here", 2]]),
  });
});

test("without a sum what was found to hold and not to hold is counted, and without either nothing", () => {
  const output = "consul dies:\n  ✔ no request is lost (0)\n  ✖ the page answers (3 s)\n  - not tried: no root\n";
  assert.deepEqual(countsIn(output), { passed: 1, failed: 1, skipped: 1, reasons: new Map([["no root", 1]]) });
  assert.equal(countsIn("seed 7\n50000 requests in 93 s\n"), undefined);
});

test("a suite that failed is told with the tests that did, or with what did not hold", () => {
  const output =
    "✖ a\n✖ failing tests:\n✖ a\nfailed in src/a.test.ts: a; b\nfailed in src/c.test.ts: c\n1 passed, 3 failed\n";
  assert.equal(failuresIn(output), "\n  failed in src/a.test.ts: a; b\n  failed in src/c.test.ts: c");
  assert.equal(failuresIn("  ✔ L1 holds (3)\n  ✖ L2 holds (1 lost)\n"), "\n  ✖ L2 holds (1 lost)");
  assert.equal(failuresIn("seed 7\n"), undefined);
});

test("the table tells what failed, what was skipped and what could not be run, and why", () => {
  const counts = { passed: 10, failed: 0, skipped: 1, reasons: new Map([["it takes long", 1]]) };
  const table = suiteTable([
    { kind: "ran", name: "test", ok: true, counts, minutes: 24.51, why: "it ended with 0" },
    { kind: "ran", name: "fuzz", ok: false, counts: undefined, minutes: 1, why: "it ended with SIGKILL" },
    { kind: "not-run", name: "test:garage", why: "Garage is missing: there is no cargo", minutes: 0 },
  ]);
  assert.equal(
    table,
    `suite        result   passed  failed  skipped  minutes
test         passed       10       0        1     24.5
fuzz         FAILED                                1.0
test:garage  not run                               0.0

test
  1 skipped: it takes long

fuzz failed: it ended with SIGKILL

test:garage was not run: Garage is missing: there is no cargo`,
  );
});

test("a night is good where something ran and nothing failed", () => {
  const ran = { kind: /** @type {const} */ ("ran"), name: "fuzz", counts: undefined, minutes: 1, why: "" };
  const notRun = { kind: /** @type {const} */ ("not-run"), name: "test:garage", why: "no cargo", minutes: 0 };
  assert.equal(isGood([{ ...ran, ok: true }, notRun]), true);
  assert.equal(
    isGood([
      { ...ran, ok: true },
      { ...ran, ok: false },
    ]),
    false,
  );
  assert.equal(isGood([notRun]), false);
});
