import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../testing.ts";
import { lockDirectory } from "./data-lock.ts";

/** Another process that holds the lock until it is killed. */
async function holder(dir: string) {
  const module = new URL("./data-lock.ts", import.meta.url).href;
  const script = `await (await import(${JSON.stringify(module)})).lockDirectory(process.argv[1]); console.log("held"); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test("while a process holds the directory another is told its pid; when it was killed the directory is free", async () => {
  await using place = await temporaryDirectory();
  {
    await using other = await holder(place.dir);
    await assert.rejects(lockDirectory(place.dir), new RegExp(`in use by process ${other.pid}: end that process`));
  }
  await using _lock = await lockDirectory(place.dir);
});

test("a lock given back leaves nothing behind and can be taken again", async () => {
  await using place = await temporaryDirectory();
  for (const _ of [1, 2]) await (await lockDirectory(place.dir))[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(place.dir), []);
});

test("a pid that now belongs to another process does not hold the directory", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "lock");
  {
    await using _other = await holder(place.dir);
    const held = JSON.parse(await readFile(path, "utf8")) as { readonly host: string };
    await writeFile(path, JSON.stringify({ ...held, born: "1" }));
    await using _lock = await lockDirectory(place.dir);
  }
});

test("a holder on another host is believed as long as it gives signs of life", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "lock");
  await writeFile(path, JSON.stringify({ pid: 1, host: "elsewhere", born: "5" }));
  await assert.rejects(lockDirectory(place.dir), /process 1 on elsewhere, which gave a sign of life 0 s ago/);
  const minuteAgo = new Date(Date.now() - 60_000);
  await utimes(path, minuteAgo, minuteAgo);
  await using _lock = await lockDirectory(place.dir);
});

test("a lock file that holds nonsense is no lock", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "lock");
  await writeFile(path, "\0\0");
  const minuteAgo = new Date(Date.now() - 60_000);
  await utimes(path, minuteAgo, minuteAgo);
  await using _lock = await lockDirectory(place.dir);
});
