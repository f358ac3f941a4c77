import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { valueAt } from "./documents/plain-json.ts";
import { createFilePolicyStore } from "./file-policy-store.ts";
import { change, noon, put, service, temporaryDirectory } from "./testing.ts";
import { verifyJournal } from "./verify-journal.ts";

const open = (dir: string) => createFilePolicyStore({ dir, observe: () => {}, now: () => noon });

/** Makes changes as fast as it can, telling each revision that it was promised, until it is killed after `count` of them. */
async function changeUntilKilled(dir: string, count: number): Promise<number> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { createFilePolicyStore } = await import(${url("./file-policy-store.ts")});
    const { change, put, service } = await import(${url("./testing.ts")});
    const store = await createFilePolicyStore({ dir: process.argv[1], observe: () => {}, now: () => new Date() });
    for (let port = 1; ; port += 1) {
      const { revision } = await store.change(change(put(service("report", { port: 1 + (port % 60_000) }))));
      process.stdout.write(revision + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = 0;
  let told = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    told += 1;
    if (told === count) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return last;
}

test("killed at any moment, the store has every change that it promised, and a journal without a gap in its chain", async () => {
  await using place = await temporaryDirectory();
  for (const count of [1, 7, 23]) {
    const promised = await changeUntilKilled(place.dir, count);
    await using store = await open(place.dir);
    const revision = store.books.current()?.revision ?? 0;
    // The last change may have reached the disk before its answer reached anyone.
    assert.ok(revision === promised || revision === promised + 1, `promised ${promised}, found ${revision}`);
    const journal = store.journal(1000).map((entry) => entry.revision);
    assert.deepEqual(
      journal,
      Array.from({ length: revision }, (_, index) => revision - index),
    );
    const lines = (await readFile(join(place.dir, "journal.ndjson"), "utf8")).split("\n");
    const { problems, head } = verifyJournal(lines);
    assert.deepEqual([problems, head?.revision], [[], revision]);
  }
});

test("a change that cannot be written is refused, and nothing has changed", async () => {
  await using place = await temporaryDirectory();
  const dir = join(place.dir, "data");
  await using store = await open(dir);
  await store.change(change(put(service("report", { port: 1 }))));
  await rm(dir, { recursive: true });
  const failing = store.change(change(put(service("report", { port: 2 }))));
  await assert.rejects(failing, /data directory .*data: the change could not be written, so nothing changed/);
  assert.equal(store.books.current()?.revision, 1);
  assert.equal(valueAt(store.get("Service", "report")?.document, ["spec", "port"]), 1);
});
