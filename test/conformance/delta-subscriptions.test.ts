import assert from "node:assert/strict";
import { test } from "node:test";
import { urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

test("a name that is subscribed to later is answered alone", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"]);
  assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
  stream.want("endpoints", ["a", "b"]);
  assert.deepEqual(await stream.settles(), ["endpoints +b@v1"]);
});

test("a name that is subscribed to while a response is unanswered is answered after it", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"]);
  assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
  stream.want("endpoints", ["a", "b"]);
  assert.deepEqual(await stream.hears(), [], "one is in flight");
  stream.ack("endpoints");
  assert.deepEqual(await stream.hears(), ["endpoints +b@v1"]);
});

test("what is unsubscribed from is neither answered nor sent any more", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.settles();
  stream.want("endpoints", ["a"]);
  assert.deepEqual(await stream.hears(), []);
  world.set({ endpoints: { a: "v1", b: "v2" } });
  assert.deepEqual(await stream.hears(), []);
  world.set({ endpoints: { a: "v1" } });
  assert.deepEqual(await stream.hears(), []);
});

test("what is unsubscribed from and subscribed to again is sent again, though it did not change", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.settles();
  stream.want("endpoints", ["a"]);
  stream.want("endpoints", ["a", "b"]);
  assert.deepEqual(await stream.settles(), ["endpoints +b@v1"]);
});

test("what is unsubscribed from and subscribed to in one request is sent again", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.settles();
  stream.sendDelta({
    typeUrl: urlOf("endpoints"),
    resourceNamesSubscribe: ["a"],
    resourceNamesUnsubscribe: ["a"],
  });
  assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
});

test("a name that a client has and subscribes to again is answered again", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.settles();
  stream.sendDelta({ typeUrl: urlOf("endpoints"), resourceNamesSubscribe: ["a"] });
  assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
});

test("to unsubscribe from what was never subscribed to changes nothing", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"]);
  await stream.settles();
  stream.sendDelta({ typeUrl: urlOf("endpoints"), resourceNamesUnsubscribe: ["b", "elsewhere"] });
  assert.deepEqual(await stream.hears(), []);
  world.set({ endpoints: { a: "v2", b: "v2" } });
  assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
});

test("under a wildcard, who unsubscribes from a name is told what there is of it, and goes on getting it", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", ["*", "a"]);
  await stream.settles();
  stream.want("cluster", ["*"]);
  assert.deepEqual(await stream.settles(), ["cluster +a@v1"]);
  world.set({ cluster: { a: "v2", b: "v1" } });
  assert.deepEqual(await stream.hears(), ["cluster +a@v2"]);
});

test("under a wildcard, who unsubscribes from a name that is not there is told that it is not", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", ["*", "elsewhere"]);
  assert.deepEqual(await stream.settles(), ["cluster +a@v1 -elsewhere !elsewhere"]);
  stream.want("cluster", ["*"]);
  assert.deepEqual(await stream.settles(), ["cluster -elsewhere"]);
});

test("who gives up the wildcard keeps what it names", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", ["*", "a"]);
  await stream.settles();
  stream.want("cluster", ["a"]);
  assert.deepEqual(await stream.hears(), []);
  world.set({ cluster: { a: "v2", b: "v2", c: "v1" } });
  assert.deepEqual(await stream.hears(), ["cluster +a@v2"]);
});

test("who asks for all beside names is sent the rest, and not what it has", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", ["a"]);
  assert.deepEqual(await stream.settles(), ["cluster +a@v1"]);
  stream.want("cluster", ["a", "*"]);
  assert.deepEqual(await stream.settles(), ["cluster +b@v1"]);
});

test("on demand: a cluster that is not there is told to be missing, and sent as soon as it is", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster", ["a"]);
  await stream.settles();
  stream.want("cluster", ["a", "late"]);
  assert.deepEqual(await stream.settles(), ["cluster -late !late"]);
  world.set({ cluster: { a: "v1", late: "v1" } });
  assert.deepEqual(await stream.settles(), ["cluster +late@v1"]);
});

test("on demand: what one client asks for by name does not come to another", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using one = world.open("delta");
  using other = world.open("delta");
  one.want("cluster", ["a"]);
  other.want("cluster", ["b"]);
  assert.deepEqual(await one.settles(), ["cluster +a@v1"]);
  one.want("cluster", ["a", "b"]);
  assert.deepEqual(await one.settles(), ["cluster +b@v1"]);
  assert.deepEqual(await other.settles(), ["cluster +b@v1"]);
});

test("on demand: the resources of a viewer are made when its first client comes", async () => {
  const wanted: string[] = [];
  await using world = await startServedWorld({
    wanted(viewer) {
      wanted.push(viewer);
      world.set({ cluster: { a: "v1" } }, viewer);
    },
  });
  assert.deepEqual(wanted, []);
  using stream = world.open("delta");
  stream.want("cluster", ["a"]);
  assert.equal((await stream.next()).resources[0]?.content, "v1");
  assert.deepEqual(wanted, ["test"]);
});
