import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./folders.mjs";

const run = join(root, "setup", "run.mjs");

test("a target that is not there is answered with those that are, all that package.json calls", () => {
  const { status, stderr } = spawnSync(process.execPath, [run, "strat"], { encoding: "utf8" });
  assert.equal(status, 2);
  const [, targets = ""] = /^"strat" is not one of (.*)\n$/.exec(stderr) ?? [];
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const called = Object.values(scripts).flatMap((script) => /setup\/run\.mjs (\S+)/.exec(script)?.[1] ?? []);
  assert.deepEqual(targets.split(", ").sort(), [...new Set(called)].sort());
});

test("all programs that were named and are not there are said at once, with remedies, before anything is installed", () => {
  const env = { ...process.env, WEIR_CONSUL: "/nowhere/consul" };
  const { status, stderr } = spawnSync(process.execPath, [run, "test", "--envoy", "/nowhere/envoy"], {
    encoding: "utf8",
    env,
  });
  assert.equal(status, 1);
  assert.equal(
    stderr,
    `Envoy is missing: --envoy names /nowhere/envoy, which is not a program
  remedy: correct --envoy, or leave it away
Consul is missing: WEIR_CONSUL names /nowhere/consul, which is not a program
  remedy: correct it, or leave it away
`,
  );
});

test("what is handed over to gets our signals, and we end as it ends", async () => {
  const program = 'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up")';
  const us = `
    const { handOver } = await import(${JSON.stringify(new URL("./hand-over.mjs", import.meta.url).href)});
    handOver(process.execPath, ["-e", ${JSON.stringify(program)}], process.env);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", us], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "close"), [7, null]);
});
