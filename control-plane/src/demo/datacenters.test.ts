import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Child, startChild } from "./child.ts";
import { createDatacenters, type DatacenterNote, type Datacenters } from "./datacenters.ts";

type Fixture = {
  readonly datacenters: Datacenters;
  readonly notes: readonly string[];
  readonly children: readonly Child[];
};

/** Two data centers whose servers are real processes that do nothing. */
async function withDatacenters(body: (fixture: Fixture & { readonly folder: string }) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "weir-datacenters-"));
  const notes: string[] = [];
  const children: Child[] = [];
  try {
    await using datacenters = await createDatacenters({
      names: ["dc-a", "dc-b"],
      folder,
      observe: (note: DatacenterNote) => notes.push(note.kind),
      async startServer({ id }) {
        const logFile = join(folder, `${id}.log`);
        const child = await startChild({ name: id, command: "sleep", args: ["1000"], env: process.env, logFile });
        children.push(child);
        return { child, ready: Promise.resolve({}) };
      },
    });
    await body({ datacenters, notes, children, folder });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const up = ({ states }: Datacenters) => states().map(({ name, up, note }) => `${name} ${up} ${note}`.trim());

test("one server of each to begin with, then what is missing, and what is killed or drained starts again", () =>
  withDatacenters(async ({ datacenters, notes }) => {
    await datacenters.startFirst();
    assert.deepEqual(up(datacenters), ["dc-a 1", "dc-b 1"]);
    assert.equal(await datacenters.start("dc-a"), 2);
    assert.equal(await datacenters.start("dc-a"), 0);
    assert.equal(await datacenters.kill("dc-a"), 3);
    assert.deepEqual(up(datacenters), ["dc-a 0 killed", "dc-b 1"]);
    assert.equal(await datacenters.kill("dc-a"), 0);
    assert.equal(await datacenters.start("dc-a"), 3);
    assert.equal(await datacenters.stop("dc-b"), 1);
    assert.deepEqual(up(datacenters), ["dc-a 3", "dc-b 0 drained"]);
    assert.ok(!notes.includes("server-lost"), notes.join());
  }));

test("a fault is written for the servers to read, and outlives their restart until it is healed", () =>
  withDatacenters(async ({ datacenters, folder }) => {
    await datacenters.fail("dc-b", { status: "UNAVAILABLE", percent: 50 });
    assert.equal(await readFile(join(folder, "dc-b.json"), "utf8"), '{"status":"UNAVAILABLE","percent":50}');
    await datacenters.start("dc-b");
    assert.deepEqual(up(datacenters), ["dc-a 0", "dc-b 3 UNAVAILABLE 50 %"]);
    await datacenters.heal("dc-b");
    await assert.rejects(readFile(join(folder, "dc-b.json")), /ENOENT/);
    assert.deepEqual(up(datacenters), ["dc-a 0", "dc-b 3"]);
  }));

test("a server that ends by itself is told and no longer counted", () =>
  withDatacenters(async ({ datacenters, notes, children }) => {
    await datacenters.startFirst();
    const [first] = children;
    assert.ok(first);
    process.kill(first.pid, "SIGKILL");
    await first.exit;
    assert.deepEqual(notes, ["server-lost"]);
    assert.equal(
      datacenters.states().reduce((sum, { up }) => sum + up, 0),
      1,
    );
  }));

test("the end overlooks no server that is on its way", () =>
  withDatacenters(async ({ datacenters, children }) => {
    const starting = datacenters.start("dc-a");
    const ended = datacenters[Symbol.asyncDispose]();
    await Promise.allSettled([starting, ended]);
    assert.equal(children.length, 3);
    assert.ok(children.every(({ hasEnded }) => hasEnded));
  }));
