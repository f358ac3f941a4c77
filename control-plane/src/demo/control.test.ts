import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { demoServer, readControlFile, writeControlFile } from "./control-file.ts";
import { askControl, serveControl } from "./control-socket.ts";

const never = new AbortController().signal;

test("a second terminal finds the demo while it runs, and not afterwards", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-control-"));
  const env = { WEIR_DEMO_DIR: folder };
  assert.equal(demoServer(env), undefined);
  {
    const control = { pid: process.pid, admin: "http://127.0.0.1:1", socket: join(folder, "s") };
    await using _file = await writeControlFile(folder, control);
    assert.deepEqual(readControlFile(folder), control);
    assert.equal(demoServer(env), "http://127.0.0.1:1");
  }
  assert.equal(demoServer(env), undefined);
  await rm(folder, { recursive: true });
});

test("what a killed or broken demo left behind is no running demo", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-control-"));
  // Linux's pids end at 2^22.
  for (const left of [{ pid: 2 ** 22 + 1, admin: "http://127.0.0.1:1", socket: "s" }, { pid: process.pid }, 7]) {
    await writeFile(join(folder, "control.json"), JSON.stringify(left));
    assert.equal(readControlFile(folder), undefined);
  }
  await rm(folder, { recursive: true });
});

test("each question gets its answer, a failure among them, and a broken line an explanation", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-control-"));
  const socket = join(folder, "s");
  {
    await using _server = await serveControl(socket, async (request) => {
      if (request === "no") throw new Error("there is no dc-x");
      return { ok: true, says: `done: ${request}` };
    });
    assert.deepEqual(await askControl(socket, "kill", never), { ok: true, says: "done: kill" });
    assert.deepEqual(await askControl(socket, "no", never), { ok: false, says: "there is no dc-x" });
  }
  await assert.rejects(askControl(socket, "kill", never), /ENOENT/);
  await rm(folder, { recursive: true });
});
