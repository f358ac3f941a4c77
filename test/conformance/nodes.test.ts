import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlainNode, type PlainStream, variants } from "./plain-client.ts";
import { urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

function say(stream: PlainStream, node: PlainNode): void {
  const typeUrl = urlOf("endpoints");
  if (stream.variant === "sotw") stream.sendSotw({ typeUrl, node, resourceNames: ["a"] });
  else stream.sendDelta({ typeUrl, node, resourceNamesSubscribe: ["a"] });
}

for (const variant of variants) {
  test(`${variant}: the node need only be in the first request, for all types`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
    using stream = world.open(variant, { node: { id: "one" } });
    stream.want("cluster");
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.settles(), ["cluster +a@v1", "endpoints +a@v1"]);
    assert.deepEqual(
      world.server.clients.list().map(({ nodeId }) => nodeId),
      ["one"],
    );
  });

  test(`${variant}: the same node may be said again`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant, { node: { id: "one" } });
    stream.want("cluster", ["nothing"]);
    await stream.settles();
    say(stream, { id: "one", cluster: "test", userAgentName: "envoy" });
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
  });

  test(`${variant}: another node later on ends the stream`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant, { node: { id: "one" } });
    stream.want("endpoints", ["a"]);
    await stream.settles();
    say(stream, { id: "other", cluster: "test" });
    assert.equal(await stream.ended(), "INVALID_ARGUMENT: the node of a stream cannot change: open another stream");
    assert.deepEqual(world.server.clients.list(), []);
  });

  test(`${variant}: a first request without a node, or with one without an id or of 600 kB, ends the stream with what to do`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    for (const [node, says] of [
      [null, /^INVALID_ARGUMENT: .*the first request of a stream must carry the node/],
      [{ id: "" }, /^INVALID_ARGUMENT: .*node\.id.*every client needs an id of its own/],
      [
        { id: "x", cluster: "c".repeat(600_000) },
        /^INVALID_ARGUMENT: the node has 6\d+ bytes; at most 524288 are taken/,
      ],
    ] as const) {
      using stream = world.open(variant, { node });
      stream.want("endpoints", ["a"]);
      assert.match(await stream.ended(), says);
    }
    assert.deepEqual(world.server.clients.list(), []);
  });

  test(`${variant}: what a client gets follows from its node`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    world.set({ endpoints: { a: "v2" } }, "elsewhere");
    using here = world.open(variant);
    using there = world.open(variant, { node: { cluster: "elsewhere" } });
    here.want("endpoints", ["a"]);
    there.want("endpoints", ["a"]);
    assert.deepEqual(await here.settles(), ["endpoints +a@v1"]);
    assert.deepEqual(await there.settles(), ["endpoints +a@v2"]);
    world.set({ endpoints: { a: "v3" } }, "elsewhere");
    assert.deepEqual(await here.settles(), []);
    assert.deepEqual(await there.settles(), ["endpoints +a@v3"]);
  });
}
