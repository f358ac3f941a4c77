import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { madeUpEndpoints } from "./made-up-resources.ts";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

const mixed = { endpoints: { a: "v1/30s", b: "v1" } };

// Each test waits for a server that looks at its clock once a second.
describe("a time to live", { concurrency: true }, () => {
  for (const variant of variants) {
    test(`${variant}: a resource is sent with its time to live, others without`, async () => {
      await using world = await startServedWorld();
      world.set(mixed);
      using stream = world.open(variant);
      stream.want("endpoints", ["a", "b"]);
      assert.deepEqual(await stream.hears(), ["endpoints +a@v1/30s +b@v1"]);
      const ttls = stream.last("endpoints").resources.map(({ name, ttlMs }) => [name, ttlMs]);
      assert.deepEqual(Object.fromEntries(ttls), { a: 30_000, b: undefined });
    });

    // Envoy 1.40 takes a resource without content for none in state-of-the-world, and deletes a cluster for it.
    const sign = { sotw: "endpoints +a@v1/30s", delta: "endpoints ~a" }[variant];
    test(`${variant}: twice in its time to live there is a sign of life of it, and of nothing else`, async () => {
      await using world = await startServedWorld();
      world.set(mixed);
      using stream = world.open(variant);
      stream.want("endpoints", ["a", "b"]);
      await stream.settles();
      await world.pass(14_999);
      assert.deepEqual(await stream.settles(), []);
      await world.pass(1);
      assert.deepEqual(await stream.settles(), [sign]);
      assert.equal(stream.last("endpoints").resources[0]?.ttlMs, 30_000);
      await world.pass(15_000);
      assert.deepEqual(await stream.settles(), [sign]);
    });

    test(`${variant}: a sign of life is no new version`, async () => {
      await using world = await startServedWorld();
      world.set(mixed);
      using stream = world.open(variant);
      stream.want("endpoints", ["a", "b"]);
      await stream.settles();
      const { version, nonce, resources } = stream.last("endpoints");
      await world.pass(15_000);
      await stream.settles();
      const sign = stream.last("endpoints");
      assert.equal(sign.version, version);
      assert.equal(sign.resources[0]?.version, resources[0]?.version);
      assert.notEqual(sign.nonce, nonce);
    });

    test(`${variant}: the last good version is kept alive while its successor is rejected`, async () => {
      await using world = await startServedWorld();
      world.set({ endpoints: { a: "v1/30s" } });
      using stream = world.open(variant);
      stream.want("endpoints", ["a"]);
      await stream.settles();
      world.set({ endpoints: { a: "v2/30s" } });
      assert.deepEqual(await stream.hears(), ["endpoints +a@v2/30s"]);
      stream.nack("endpoints", "a: bad");
      await stream.hears();
      // The retry comes first, and must not stand in for the sign of life.
      await world.pass(15_000);
      assert.deepEqual(await stream.hears(), ["endpoints +a@v2/30s"]);
      stream.nack("endpoints", "a: bad");
      assert.deepEqual(await stream.hears(), [sign]);
    });
  }

  for (const variant of variants)
    test(`${variant}: what a client comes back with is confirmed at once: it may be about to run out`, async () => {
      await using world = await startServedWorld();
      world.set(mixed);
      using before = world.open(variant);
      before.want("endpoints", ["a", "b"]);
      await before.settles();
      const { version, resources } = before.last("endpoints");
      using again = world.open(variant);
      const has = Object.fromEntries(resources.map(({ name, version }) => [name, version]));
      again.want("endpoints", ["a", "b"], { version, has });
      const sign = { sotw: "endpoints +a@v1/30s", delta: "endpoints ~a" };
      assert.deepEqual(await again.settles(), [sign[variant]]);
    });

  for (const variant of variants)
    test(`${variant}: a time to live that changes, or is no more, is told, though the content is the same`, async () => {
      await using world = await startServedWorld();
      using stream = world.open(variant);
      stream.want("endpoints", ["a"]);
      for (const ttlMs of [30_000, 60_000, undefined]) {
        world.server.set("test", { endpoints: [madeUpEndpoints("a", "v1")], ttlMs: () => ttlMs });
        const [told] = (await stream.next()).resources;
        assert.deepEqual({ content: told?.content, ttlMs: told?.ttlMs }, { content: "v1", ttlMs });
        stream.ack("endpoints");
      }
    });

  test("sotw: a sign of life of one cluster leaves out none of the others", async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1/30s", b: "v1" } });
    using stream = world.open("sotw");
    stream.want("cluster");
    await stream.settles();
    await world.pass(15_000);
    assert.deepEqual(await stream.settles(), ["cluster +a@v1/30s +b@v1"]);
  });

  test("delta: who asks again when a sign of life is due gets the content", async () => {
    await using world = await startServedWorld();
    world.set(mixed);
    using stream = world.open("delta");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    await world.pass(14_000);
    stream.again("endpoints");
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1/30s +b@v1"]);
  });

  test("delta: who unsubscribes gets no more signs of life", async () => {
    await using world = await startServedWorld();
    world.set(mixed);
    using stream = world.open("delta");
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    stream.want("endpoints", ["b"]);
    await stream.settles();
    await world.pass(15_000);
    assert.deepEqual(await stream.settles(), []);
  });
});
