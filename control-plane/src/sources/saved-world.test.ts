import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseEndpointList } from "../model/endpoint-entry.ts";
import type { Endpoint } from "../model/service.ts";
import type { ConsulFeed, FeedStates, SourceNote } from "./feed.ts";
import { openSavedWorld } from "./saved-world.ts";
import { consulSource } from "./source-names.ts";

const feed: ConsulFeed = {
  kind: "consul",
  key: "consul/dc-a/report",
  source: consulSource("dc-a"),
  datacenter: "dc-a",
  service: "report",
  tags: [],
  passingOnly: true,
  localityRules: { regionFrom: "datacenter", zoneFrom: [] },
};

function endpoints(...addresses: readonly string[]): readonly Endpoint[] {
  const raw = addresses.map((address) => ({
    address,
    locality: "dc-a/z1",
    metadata: { version: "v1" },
    health: "degraded",
  }));
  const list = parseEndpointList(raw, "", feed.source);
  assert.ok(list.ok);
  return list.value;
}

const at = new Date("2026-11-21T03:00:00Z");
const seen = (...addresses: readonly string[]): FeedStates =>
  new Map([[feed.key, { feed, state: { kind: "current", endpoints: endpoints(...addresses), at, skipped: [] } }]]);

async function folder() {
  const dir = await mkdtemp(join(tmpdir(), "weir-saved-"));
  const notes: SourceNote[] = [];
  return {
    file: join(dir, "world.json"),
    notes,
    open: () => openSavedWorld({ file: join(dir, "world.json"), observe: (note) => notes.push(note) }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

test("what was seen is there at the next start, with its age", async () => {
  await using place = await folder();
  {
    await using world = await place.open();
    assert.equal(world.feeds.size, 0);
    world.keep(seen("10.0.0.1:80", "10.0.0.2:80"));
  }
  await using again = await place.open();
  assert.deepEqual([...again.feeds], [[feed.key, { at, endpoints: endpoints("10.0.0.1:80", "10.0.0.2:80") }]]);
  assert.deepEqual(place.notes, []);
});

test("a feed that has not spoken yet keeps what was saved of it", async () => {
  await using place = await folder();
  {
    await using world = await place.open();
    world.keep(seen("10.0.0.1:80"));
  }
  {
    await using world = await place.open();
    world.keep(new Map([[feed.key, { feed, state: { kind: "waiting", since: at, overdue: false } }]]));
  }
  await using again = await place.open();
  assert.equal(again.feeds.get(feed.key)?.endpoints.length, 1);
});

test("a file that was cut off or changed is told of, put aside and passed over", async () => {
  await using place = await folder();
  {
    await using world = await place.open();
    world.keep(seen("10.0.0.1:80"));
  }
  const text = await readFile(place.file, "utf8");
  for (const damaged of [text.slice(0, -20), text.replace("10.0.0.1", "10.0.0.9"), ""]) {
    await writeFile(place.file, damaged);
    await using world = await place.open();
    assert.equal(world.feeds.size, 0);
    assert.equal(place.notes.at(-1)?.kind, "saved-world-damaged");
    assert.deepEqual(await readdir(join(place.file, "..")), ["world.json.damaged"]);
  }
});

test("on a disk that is full the alarm is raised, the old file stays whole, and it is written as soon as there is room", async () => {
  await using place = await folder();
  {
    await using world = await place.open();
    world.keep(seen("10.0.0.1:80"));
  }
  const before = await readFile(place.file, "utf8");
  // Every write to /dev/full is answered with ENOSPC.
  await symlink("/dev/full", `${place.file}.half`);
  await using world = await place.open();
  world.keep(seen("10.0.0.2:80"));
  const told = async () => {
    while (place.notes.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return place.notes[0];
  };
  const note = await told();
  assert.ok(note?.kind === "saved-world-unsaved" && /ENOSPC/.test(note.cause.message));
  assert.equal(await readFile(place.file, "utf8"), before);
  assert.deepEqual(
    await readdir(join(place.file, "..")),
    ["world.json"],
    "what was half written does not fill the disk",
  );
  await world[Symbol.asyncDispose]();
  await using again = await place.open();
  assert.equal(again.feeds.get(feed.key)?.endpoints[0]?.address.host, "10.0.0.2");
});
