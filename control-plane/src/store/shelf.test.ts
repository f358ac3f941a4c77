import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { until } from "../lib/testing.ts";
import { createMemoryKv } from "./memory-kv.ts";
import { createShelf, type ShelfLimits } from "./shelf.ts";

const limits: ShelfLimits = { keptMs: 60_000, most: 3, mostCharacters: 1_000, mostShared: 4 };
const { signal } = new AbortController();

function clockAt(startMs: number) {
  let ms = startMs;
  return { now: () => new Date(ms), pass: (by: number) => (ms += by) };
}

test("what one replica puts on the shelf, another finds, until it is too old", async () => {
  const kv = createMemoryKv();
  const { now, pass } = clockAt(1_000_000_000);
  const shared = { kv, folder: "weir/plans/" };
  const [one, other] = [createShelf({ limits, now, shared }, signal), createShelf({ limits, now, shared }, signal)];
  assert.equal(await one.put("a", "text"), "every-replica");
  assert.equal(await other.get("a"), "text");
  assert.equal(await other.get("b"), undefined);
  pass(limits.keptMs + 1);
  assert.equal(await one.get("a"), undefined);
  assert.equal(await other.get("a"), undefined);
});

test("without a store that answers, and for a text that is too long for one, it is this replica's alone", async () => {
  const kv = createMemoryKv();
  const { now } = clockAt(1_000_000_000);
  const alone = createShelf({ limits, now, shared: undefined }, signal);
  assert.equal(await alone.put("a", "text"), "this-replica");
  assert.equal(await alone.get("a"), "text");
  const wide = { ...limits, mostCharacters: 10_000_000 };
  const shared = createShelf({ limits: wide, now, shared: { kv, folder: "weir/plans/" } }, signal);
  // What gzip cannot shorten.
  const long = randomBytes(200_000).toString("hex");
  assert.equal(await shared.put("long", long), "this-replica");
  assert.equal(await shared.get("long"), long);
  kv.fail("no quorum");
  assert.equal(await shared.put("b", "text"), "this-replica");
  assert.equal(await shared.get("b"), "text");
  assert.equal(await shared.get("c"), undefined, "a store that is away holds nothing");
});

test("it keeps no more than it may, here and in the store, and forgets the oldest first", async () => {
  const kv = createMemoryKv();
  const { now, pass } = clockAt(1_000_000_000);
  const shelf = createShelf({ limits, now, shared: { kv, folder: "weir/plans/" } }, signal);
  for (let index = 0; index < 9; index++) await shelf.put(`p${index}`, "x".repeat(300));
  pass(61_000);
  await shelf.put("p9", "x");
  await until(async () => (await kv.keys("weir/plans/", signal)).length <= limits.mostShared);
  const kept = (await kv.keys("weir/plans/", signal)).map((key) => key.slice(key.lastIndexOf("/") + 1));
  assert.deepEqual(kept, ["p6", "p7", "p8", "p9"]);
});
