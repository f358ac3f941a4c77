import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

const two = { cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } };
const changed = { ...two, cluster: { a: "v2", b: "v1" } };
const clustersOf = { sotw: "cluster +a@v2 +b@v1", delta: "cluster +a@v2" };

// Envoy holds a changed cluster in warming until endpoints arrive, and does not ask for them (15 s, seen with 1.40).
for (const variant of variants) {
  test(`${variant}: a changed cluster takes its endpoints along, and no others`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set(changed);
    assert.deepEqual(await stream.settles(), [clustersOf[variant], "endpoints +a@v1"]);
  });

  test(`${variant}: endpoints go along before the cluster is ACKed: the ACK may wait for them`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set(changed);
    assert.deepEqual(await stream.hears(), [clustersOf[variant], "endpoints +a@v1"]);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), []);
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), []);
  });

  test(`${variant}: endpoints that changed as well are sent once, in their newest form`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set({ ...changed, endpoints: { a: "v2", b: "v1" } });
    assert.deepEqual(await stream.settles(), [clustersOf[variant], "endpoints +a@v2"]);
  });

  test(`${variant}: endpoints that a client does not ask for do not go along`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["b"]);
    await stream.settles();
    world.set(changed);
    assert.deepEqual(await stream.settles(), [clustersOf[variant]]);
  });

  test(`${variant}: a cluster that is tried again after it was rejected takes its endpoints along again`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set(changed);
    await stream.hears();
    stream.nack("cluster", "a: no such filter");
    stream.ack("endpoints");
    assert.deepEqual(await stream.settles(), []);
    await world.pass(1_000);
    assert.deepEqual(await stream.settles(), [clustersOf[variant], "endpoints +a@v1"]);
  });
}

for (const variant of variants)
  test(`${variant}: endpoints that were gone while their cluster changed are sent when they are back, though as they were`, async () => {
    await using world = await startServedWorld();
    world.set(two);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set({ ...changed, endpoints: { b: "v1" } });
    assert.deepEqual(await stream.hears(), [clustersOf[variant]]);
    world.set(changed);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
  });

test("delta: a cluster that changed while its client was away takes along the endpoints that the client says it has", async () => {
  await using world = await startServedWorld();
  world.set(two);
  using before = world.open("delta");
  before.want("cluster");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  const has = (type: "cluster" | "endpoints") =>
    Object.fromEntries(before.last(type).resources.map(({ name, version }) => [name, version]));
  world.set(changed);
  using again = world.open("delta");
  again.want("cluster", [], { has: has("cluster") });
  again.want("endpoints", ["a", "b"], { has: has("endpoints") });
  assert.deepEqual(await again.settles(), ["cluster +a@v2", "endpoints +a@v1"]);
});

test("sotw: a cluster that changed while its client was away takes along the endpoints that its version stands for", async () => {
  await using world = await startServedWorld();
  world.set(two);
  using before = world.open("sotw");
  before.want("cluster");
  before.want("endpoints", ["a", "b"]);
  await before.settles();
  world.set(changed);
  using again = world.open("sotw");
  again.want("cluster", [], { version: before.last("cluster").version });
  again.want("endpoints", ["a", "b"], { version: before.last("endpoints").version });
  const texts = await again.settles();
  assert.equal(texts[0], clustersOf.sotw);
  // Which of the clusters changed, a version does not tell.
  assert.ok(texts.slice(1).join().includes("+a@v1"), texts.join());
});
