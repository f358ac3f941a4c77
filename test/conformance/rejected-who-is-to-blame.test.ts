import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: two that the client names wait, the third is sent`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1", b: "v1", c: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.hears();
    stream.nack("cluster", "Error adding/updating cluster(s) a: no such filter, c: no such filter");
    assert.deepEqual(await stream.settles(), ["cluster +b@v1"]);
    await world.pass(1_000);
    const again = { sotw: "cluster +a@v1 +b@v1 +c@v1", delta: "cluster +a@v1 +c@v1" };
    assert.deepEqual(await stream.settles(), [again[variant]]);
  });

  test(`${variant}: a name inside another name is not named`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { report: "v1", "report-2": "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.hears();
    stream.nack("cluster", "report-2: no such filter");
    assert.deepEqual(await stream.settles(), ["cluster +report@v1"]);
  });

  test(`${variant}: words that name nothing of what was sent blame nothing of it: halves are tried`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    await stream.hears();
    stream.nack("endpoints", "elsewhere: bad");
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1", "endpoints +b@v1"]);
  });

  test(`${variant}: of a list one is new: a client that does not say whom it means can only mean that one`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.settles();
    world.set({ cluster: { a: "v1", b: "v1", c: "v1" } });
    await stream.hears();
    stream.nack("cluster", "something is wrong");
    assert.deepEqual(await stream.hears(), []);
    const [told] = world.notes.filter((note) => note.kind === "rejected");
    assert.deepEqual(told?.names, ["c"]);
  });

  test(`${variant}: what a NACK lets go of in the same breath is not tried again`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    await stream.hears();
    const { nonce } = stream.last("endpoints");
    const typeUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    const answer = { typeUrl, responseNonce: nonce, errorDetail: { code: 3, message: "a: bad" } };
    if (variant === "sotw") stream.sendSotw({ ...answer, resourceNames: ["b"] });
    else stream.sendDelta({ ...answer, resourceNamesUnsubscribe: ["a"] });
    assert.deepEqual(await stream.hears(), ["endpoints +b@v1"]);
    if (variant === "sotw")
      stream.sendSotw({ typeUrl, resourceNames: ["b"], responseNonce: stream.last("endpoints").nonce });
    else stream.ack("endpoints");
    await stream.hears();
    await world.pass(1_000);
    assert.deepEqual(await stream.hears(), []);
    assert.equal(world.server.clients.list()[0]?.types.endpoints.status, "SYNCED");
  });
}

test("sotw: while one of a list is rejected, another that goes is left out of it", async () => {
  await using world = await startServedWorld();
  world.set({ listener: { a: "v1", b: "v1", c: "v1" } });
  using stream = world.open("sotw");
  stream.want("listener");
  await stream.settles();
  world.set({ listener: { a: "v1", b: "v1", c: "v2" } });
  await stream.hears();
  stream.nack("listener", "c: cannot bind");
  await stream.settles();
  world.set({ listener: { a: "v1", c: "v2" } });
  assert.deepEqual(await stream.settles(), ["listener +a@v1 +c@v1"]);
});

test("sotw: a list that only takes away and is rejected is tried again after a while", async () => {
  await using world = await startServedWorld();
  world.set({ listener: { a: "v1", b: "v1" } });
  using stream = world.open("sotw");
  stream.want("listener");
  await stream.settles();
  world.set({ listener: { a: "v1" } });
  assert.deepEqual(await stream.hears(), ["listener +a@v1"]);
  stream.nack("listener", "no");
  assert.deepEqual(await stream.hears(), []);
  await world.pass(1_000);
  assert.deepEqual(await stream.settles(), ["listener +a@v1"]);
});

test("sotw: a client of which nothing is known is not sent a list without what it rejects: it would delete it", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1", b: "v1" } });
  using stream = world.open("sotw");
  stream.want("cluster", [], { version: "of-before" });
  assert.deepEqual(await stream.hears(), ["cluster +a@v1 +b@v1"]);
  stream.nack("cluster", "b: no such filter");
  assert.deepEqual(await stream.hears(), []);
  world.set({ cluster: { a: "v2", b: "v1" } });
  assert.deepEqual(await stream.hears(), ["cluster +a@v2 +b@v1"]);
});

test("sotw: a sign of life of a list carries what the client has of what it rejects", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1/120s", b: "v1" } });
  using stream = world.open("sotw");
  stream.want("cluster");
  await stream.settles();
  world.set({ cluster: { a: "v1/120s", b: "v2" } });
  await stream.hears();
  stream.nack("cluster", "b: no such filter");
  await stream.hears();
  await world.pass(60_000);
  assert.deepEqual(await stream.hears(), ["cluster +a@v1/120s +b@v2"], "the retry");
  stream.nack("cluster", "b: no such filter");
  assert.deepEqual(await stream.settles(), ["cluster +a@v1/120s +b@v1"]);
});
