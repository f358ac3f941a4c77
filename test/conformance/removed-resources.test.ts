import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

test("delta: what is gone is named, and nothing else is said", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1", c: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster");
  await stream.settles();
  world.set({ cluster: { b: "v1" } });
  assert.deepEqual(await stream.settles(), ["cluster -a -c"]);
});

test("delta: what changes and what is gone come in one response", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.settles();
  world.set({ endpoints: { a: "v2" } });
  assert.deepEqual(await stream.settles(), ["endpoints +a@v2 -b"]);
});

test("delta: what nobody asked for goes in silence", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"]);
  await stream.settles();
  world.set({ endpoints: { a: "v1" } });
  assert.deepEqual(await stream.hears(), []);
});

test("sotw: of clusters and listeners the list without it tells what is gone", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" }, listener: { k: "v1", l: "v1" } });
  using stream = world.open("sotw");
  stream.want("cluster");
  stream.want("listener");
  await stream.settles();
  world.set({ cluster: { a: "v1", b: "v1" }, listener: { l: "v1" } });
  assert.deepEqual(await stream.settles(), ["listener +l@v1"]);
  world.set({ cluster: { a: "v1" }, listener: { l: "v1" } });
  assert.deepEqual(await stream.settles(), ["cluster +a@v1"]);
});

test("sotw: the last one that goes leaves an empty list", async () => {
  await using world = await startServedWorld();
  world.set({ listener: { l: "v1" } });
  using stream = world.open("sotw");
  stream.want("listener");
  await stream.settles();
  world.set({});
  assert.deepEqual(await stream.settles(), ["listener"]);
});

test("sotw: there is no word for endpoints and routes that are gone", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" }, routes: { r: "v1" } });
  using stream = world.open("sotw");
  stream.want("endpoints", ["a", "b"]);
  stream.want("routes", ["r"]);
  await stream.settles();
  world.set({ endpoints: { a: "v1" } });
  assert.deepEqual(await stream.hears(), []);
});

for (const variant of variants) {
  test(`${variant}: what was gone and comes back is sent again`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    await stream.settles();
    world.set({});
    await stream.settles();
    world.set({ endpoints: { a: "v1" } });
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
  });

  test(`${variant}: a cluster that is gone and back before a stream had its turn is not sent`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.settles();
    world.set({ cluster: { b: "v1" } });
    world.set({ cluster: { a: "v1", b: "v1" } });
    assert.deepEqual(await stream.hears(), []);
  });
}
