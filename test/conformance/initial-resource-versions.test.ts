import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlainStream } from "./plain-client.ts";
import type { PlainType } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

/** What the last response of the type told, as a client that comes back tells it. */
function heldOf(stream: PlainStream, type: PlainType): Record<string, string> {
  return Object.fromEntries(stream.last(type).resources.map(({ name, version }) => [name, version]));
}

test("a client that comes back with all that it asks for is sent nothing", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using before = world.open("delta");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  using again = world.open("delta");
  again.want("endpoints", ["a", "b"], { has: heldOf(before, "endpoints") });
  assert.deepEqual(await again.hears(), []);
});

test("a client that comes back with all there is, and asks for all, is answered without a resource", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using before = world.open("delta");
  before.want("cluster");
  await before.settles();
  using again = world.open("delta");
  again.want("cluster", [], { has: heldOf(before, "cluster") });
  assert.deepEqual(await again.hears(), ["cluster"]);
});

test("of what a client comes back with only what is old is sent", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1", c: "v1" } });
  using before = world.open("delta");
  before.want("cluster");
  await before.settles();
  world.set({ cluster: { a: "v1", b: "v2", c: "v1" } });
  using again = world.open("delta");
  again.want("cluster", [], { has: heldOf(before, "cluster") });
  assert.deepEqual(await again.hears(), ["cluster +b@v2"]);
});

test("a client that comes back is sent what it has not", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using before = world.open("delta");
  before.want("endpoints", ["a"]);
  await before.settles();
  using again = world.open("delta");
  again.want("endpoints", ["a", "b"], { has: heldOf(before, "endpoints") });
  assert.deepEqual(await again.hears(), ["endpoints +b@v1"]);
});

for (const { asks, names } of [
  { asks: "by name", names: ["a", "b"] },
  { asks: "for all", names: [] },
])
  test(`what a client comes back with and is gone is taken away (it asks ${asks})`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1", b: "v1" } });
    using before = world.open("delta");
    before.want("cluster", names);
    await before.settles();
    world.set({ cluster: { a: "v1" } });
    using again = world.open("delta");
    again.want("cluster", names, { has: heldOf(before, "cluster") });
    assert.deepEqual(await again.hears(), ["cluster -b"]);
  });

test("what a client comes back with and never was is taken away", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", [], { has: { elsewhere: "7" } });
  assert.deepEqual(await stream.hears(), ["cluster +a@v1 -elsewhere"]);
});

test("what a client comes back with and does not ask for is nobody's business", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"], { has: { b: "7", elsewhere: "7" } });
  assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
});

test("a client that comes back to another server of the same world is sent nothing", async () => {
  const words = { endpoints: { a: "v1", b: "v1" } };
  await using world = await startServedWorld();
  await using replica = await startServedWorld();
  world.set(words);
  replica.set({ endpoints: { b: "v1", a: "v1" } });
  using before = world.open("delta");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  using again = replica.open("delta");
  again.want("endpoints", ["a", "b"], { has: heldOf(before, "endpoints") });
  assert.deepEqual(await again.hears(), []);
});

test("a client that comes back is kept up to date like any other", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using before = world.open("delta");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  using again = world.open("delta");
  again.want("endpoints", ["a", "b"], { has: heldOf(before, "endpoints") });
  await again.hears();
  world.set({ endpoints: { a: "v2" } });
  assert.deepEqual(await again.hears(), ["endpoints +a@v2 -b"]);
});

test("versions count in the first request of a type only", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using before = world.open("delta");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  using again = world.open("delta");
  again.want("endpoints", ["a"]);
  await again.settles();
  again.want("endpoints", ["a", "b"], { has: heldOf(before, "endpoints") });
  assert.deepEqual(await again.hears(), ["endpoints +b@v1"]);
});
