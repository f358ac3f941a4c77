import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { lastWords, startChild } from "./child.ts";

// A program that starts another one: what a report server does with its worker.
const family = `
  const { spawn } = require("node:child_process");
  const worker = spawn("sleep", ["1000"], { stdio: "inherit" });
  process.on("SIGTERM", () => { if (process.argv[1] !== "stubborn") { worker.kill(); process.exit(0); } });
  process.stdout.write(JSON.stringify({ worker: worker.pid, self: process.pid }) + "\\n");
`;

async function startFamily(folder: string, manner = "willing") {
  const said = Promise.withResolvers<{ worker: number; self: number }>();
  const child = await startChild({
    name: "family",
    command: process.execPath,
    args: ["-e", family, manner],
    env: process.env,
    logFile: join(folder, "logs/family.log"),
    onLine: (line) => said.resolve(JSON.parse(line)),
  });
  return { child, ...(await said.promise) };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(...pids: readonly number[]): Promise<void> {
  for (let waited = 0; pids.some(runs); waited += 10) {
    assert.ok(waited < 30_000, `still there: ${pids.filter(runs).join()}`);
    await delay(10);
  }
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "weir-child-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("the pid is the program's own, and SIGTERM lets it end in its own way", () =>
  withFolder(async (folder) => {
    const { child, self, worker } = await startFamily(folder);
    assert.equal(child.pid, self);
    assert.deepEqual(await child.stop(5_000), { code: 0, signal: null });
    assert.equal(child.hasEnded, true);
    await gone(self, worker);
  }));

test("a program that ignores SIGTERM is killed, with what it started", () =>
  withFolder(async (folder) => {
    const { child, self, worker } = await startFamily(folder, "stubborn");
    assert.deepEqual(await child.stop(50), { code: null, signal: "SIGKILL" });
    await gone(self, worker);
  }));

test("a program that is killed by someone else takes what it started along", () =>
  withFolder(async (folder) => {
    const { child, self, worker } = await startFamily(folder);
    process.kill(self, "SIGKILL");
    assert.deepEqual(await child.exit, { code: null, signal: "SIGKILL" });
    await gone(worker);
  }));

test("when this process is killed without warning, nobody stays behind", () =>
  withFolder(async (folder) => {
    const source = `
      import { startChild } from ${JSON.stringify(new URL("./child.ts", import.meta.url).href)};
      await startChild({
        name: "family", command: process.execPath, args: ["-e", ${JSON.stringify(family)}, "stubborn"], env: process.env,
        logFile: ${JSON.stringify(join(folder, "family.log"))}, onLine: (line) => console.log(line),
      });
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: parent.stdout }), "line");
    const { worker, self } = JSON.parse(line);
    assert.ok(runs(worker) && runs(self));
    parent.kill("SIGKILL");
    await gone(worker, self);
  }));

test("a program that cannot be run says so in its last words", () =>
  withFolder(async (folder) => {
    const child = await startChild({
      name: "edge-a",
      command: join(folder, "no-envoy"),
      args: [],
      env: process.env,
      logFile: join(folder, "edge-a.log"),
    });
    const words = await lastWords(child, await child.exit);
    assert.match(words, /^edge-a ended \(code 127\)/);
    assert.match(words, /no-envoy/);
  }));
