import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: until a response is answered there is no other of its type, however much changes, and then only the newest`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v0", b: "v0" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v0 +b@v0"]);
    for (let version = 1; version <= 20; version += 1) {
      world.set({ endpoints: { a: `v${version}`, b: "v0" } });
      assert.deepEqual(await stream.hears(), []);
    }
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), ["endpoints +a@v20"]);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), []);
  });

  test(`${variant}: what changed and changed back while a response was on its way is not sent`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    await stream.hears();
    world.set({ endpoints: { a: "v2" } });
    assert.deepEqual(await stream.hears(), []);
    world.set({ endpoints: { a: "v1" } });
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), []);
  });

  test(`${variant}: what comes and goes while a response is on its way is never sent`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.hears();
    world.set({ cluster: { a: "v1", b: "v1" } });
    assert.deepEqual(await stream.hears(), []);
    world.set({ cluster: { a: "v1" } });
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), []);
  });

  test(`${variant}: a response that waits for its answer does not hold up other types`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" }, secret: { s: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    await stream.hears();
    stream.want("secret", ["s"]);
    stream.want("cluster");
    assert.deepEqual(await stream.hears(), ["secret +s@v1", "cluster +a@v1"]);
  });

  test(`${variant}: a lone change goes out at once, by one response`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v0" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    await stream.settles();
    const tookMs: number[] = [];
    for (let version = 1; version <= 20; version += 1) {
      const started = performance.now();
      world.set({ endpoints: { a: `v${version}` } });
      await stream.next();
      tookMs.push(performance.now() - started);
      stream.ack("endpoints");
      assert.deepEqual(await stream.hears(), []);
    }
    // A busy machine may be late with one; a pause before sending would show in each.
    assert.ok(Math.min(...tookMs) < 100, tookMs.join());
  });

  test(`${variant}: the ACK that never comes ends the stream, and says who it was`, async () => {
    await using world = await startServedWorld({ ackTimeoutMs: 30_000 });
    world.set({ endpoints: { a: "v1" } });
    using silent = world.open(variant, { node: { id: "silent" } });
    using honest = world.open(variant, { node: { id: "honest" } });
    silent.want("endpoints", ["a"]);
    honest.want("endpoints", ["a"]);
    assert.deepEqual(await silent.hears(), ["endpoints +a@v1"]);
    await honest.settles();
    await world.pass(29_000);
    assert.deepEqual(await silent.hears(), []);
    await world.pass(2_000);
    assert.match(await silent.ended(), /^DEADLINE_EXCEEDED: no answer to the endpoints sent 31 s ago/);
    const slow = world.notes.flatMap((note) => (note.kind === "client-slow" ? [[note.nodeId, note.type]] : []));
    assert.deepEqual(slow, [["silent", "endpoints"]]);
    world.set({ endpoints: { a: "v2" } });
    assert.deepEqual(
      await honest.hears(),
      ["endpoints +a@v2"],
      "who has answered may be silent for as long as it likes",
    );
  });
}
