import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: a first request has no nonce, and each response one that the stream had not before`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.hears(), ["cluster +a@v1", "endpoints +a@v1"]);
    const nonces = [stream.last("cluster").nonce, stream.last("endpoints").nonce];
    stream.ack("cluster");
    stream.ack("endpoints");
    world.set({ cluster: { a: "v2" }, endpoints: { a: "v2" } });
    assert.deepEqual(await stream.hears(), ["cluster +a@v2", "endpoints +a@v2"]);
    nonces.push(stream.last("cluster").nonce, stream.last("endpoints").nonce);
    assert.ok(nonces.every((nonce) => nonce !== ""));
    assert.equal(new Set(nonces).size, 4, nonces.join());
  });
}

for (const variant of variants) {
  test(`${variant}: an ACK of an earlier response does not answer the one that is on its way`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
    const { nonce } = stream.last("endpoints");
    stream.ack("endpoints");
    world.set({ endpoints: { a: "v2" } });
    assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
    stream.want("endpoints", ["a"], { nonce });
    assert.deepEqual(await stream.hears(), []);
    world.set({ endpoints: { a: "v3" } });
    assert.deepEqual(await stream.hears(), []);
    assert.ok(world.notes.some((note) => note.kind === "stale-nonce" && note.nonce === nonce));
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), ["endpoints +a@v3"]);
  });

  test(`${variant}: a NACK of an earlier response rejects nothing`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster", ["*"]);
    await stream.hears();
    const { nonce } = stream.last("cluster");
    stream.ack("cluster");
    world.set({ cluster: { a: "v2" } });
    assert.deepEqual(await stream.hears(), ["cluster +a@v2"]);
    const stale = { typeUrl: urlOf("cluster"), responseNonce: nonce, errorDetail: { code: 3, message: "no" } };
    if (variant === "sotw") stream.sendSotw({ ...stale, resourceNames: ["*"] });
    else stream.sendDelta(stale);
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), []);
    assert.deepEqual(
      world.notes.filter(({ kind }) => kind === "rejected"),
      [],
    );
    assert.equal(world.server.clients.list()[0]?.types.cluster.status, "SYNCED");
  });

  test(`${variant}: a nonce that was never sent answers nothing, and the stream lives on`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"], { nonce: "made up" });
    assert.deepEqual(
      await stream.hears(),
      ["endpoints +a@v1"],
      "the first request of a type is one, whatever its nonce",
    );
    stream.want("endpoints", ["a"], { nonce: "made up, too" });
    assert.deepEqual(await stream.hears(), []);
    world.set({ endpoints: { a: "v2" } });
    assert.deepEqual(await stream.hears(), []);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
  });

  test(`${variant}: names that crossed a response on the way count, though the nonce is not that of the response`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1", c: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1 +b@v1"]);
    stream.want("endpoints", ["b", "c"], { nonce: "" });
    assert.deepEqual(await stream.hears(), []);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), ["endpoints +c@v1"]);
    stream.ack("endpoints");
    world.set({ endpoints: { a: "v2", b: "v2", c: "v1" } });
    assert.deepEqual(await stream.hears(), ["endpoints +b@v2"], "a was let go of");
  });
}

for (const variant of variants) {
  test(`${variant}: a name that is let go of under a stale nonce and taken up again by the answer is sent anew`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1 +b@v1"]);
    const { nonce, version } = stream.last("endpoints");
    stream.want("endpoints", ["b"], { nonce: "" });
    stream.want("endpoints", ["a", "b"], { nonce, version });
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
  });
}

// As some clients do that forget the nonce: https://github.com/kmesh-net/kmesh/issues/201
for (const variant of variants) {
  test(`${variant}: names that are asked for without a nonce are sent, once all responses were answered`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
    stream.want("endpoints", ["a", "b"], { nonce: "" });
    assert.deepEqual(await stream.settles(), ["endpoints +b@v1"]);
    stream.want("endpoints", ["b"], { nonce: "" });
    assert.deepEqual(await stream.settles(), []);
    world.set({ endpoints: { a: "v2", b: "v2" } });
    assert.deepEqual(await stream.settles(), ["endpoints +b@v2"]);
  });
}

test("sotw: the same names without a nonce ask for nothing", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1" } });
  using stream = world.open("sotw");
  stream.want("endpoints", ["a"]);
  await stream.settles();
  stream.want("endpoints", ["a"], { nonce: "" });
  assert.deepEqual(await stream.hears(), []);
});

test("delta: the same ACK once more is no request", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a"]);
  await stream.hears();
  stream.ack("endpoints");
  stream.ack("endpoints");
  assert.deepEqual(await stream.hears(), []);
});

test("a nonce of one type answers nothing of another", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
  using stream = world.open("delta");
  stream.want("cluster");
  stream.want("endpoints", ["a"]);
  await stream.hears();
  stream.sendDelta({ typeUrl: urlOf("endpoints"), responseNonce: stream.last("cluster").nonce });
  assert.deepEqual(await stream.hears(), []);
  world.set({ cluster: { a: "v1" }, endpoints: { a: "v2" } });
  assert.deepEqual(await stream.hears(), []);
});
