import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

// Each test waits for a server that looks at its clock once a second.
describe("a rejected version", { concurrency: true }, () => {
  for (const variant of variants) {
    test(`${variant}: a rejected version is sent again after 1 s, then 2, then 4, and not before`, async () => {
      await using world = await startServedWorld();
      world.set({ listener: { l: "v1" } });
      using stream = world.open(variant);
      stream.want("listener");
      assert.deepEqual(await stream.hears(), ["listener +l@v1"]);
      for (const backOffMs of [1_000, 2_000, 4_000]) {
        stream.nack("listener", "l: cannot bind");
        assert.deepEqual(await stream.hears(), []);
        await world.pass(backOffMs - 1);
        assert.deepEqual(await stream.hears(), [], `before ${backOffMs} ms`);
        await world.pass(1);
        assert.deepEqual(await stream.hears(), ["listener +l@v1"], `after ${backOffMs} ms`);
      }
    });

    test(`${variant}: however often it is rejected, a version is tried again every minute, and taken when its cause is gone`, async () => {
      await using world = await startServedWorld();
      world.set({ listener: { l: "v1" } });
      using stream = world.open(variant);
      stream.want("listener");
      await stream.hears();
      for (let round = 0; round < 8; round += 1) {
        stream.nack("listener", "l: cannot bind");
        assert.deepEqual(await stream.hears(), []);
        await world.pass(60_000);
        assert.deepEqual(await stream.hears(), ["listener +l@v1"]);
      }
      stream.ack("listener");
      assert.deepEqual(await stream.hears(), []);
      await world.pass(600_000);
      assert.deepEqual(await stream.hears(), []);
      const [client] = world.server.clients.list();
      assert.equal(client?.types.listener.status, "SYNCED");
    });

    test(`${variant}: a changed version is sent at once`, async () => {
      await using world = await startServedWorld();
      world.set({ listener: { l: "v1" } });
      using stream = world.open(variant);
      stream.want("listener");
      await stream.hears();
      stream.nack("listener", "l: cannot bind");
      assert.deepEqual(await stream.hears(), []);
      world.set({ listener: { l: "v2" } });
      assert.deepEqual(await stream.settles(), ["listener +l@v2"]);
    });

    test(`${variant}: a changed version that is rejected, too, begins with a short back-off`, async () => {
      await using world = await startServedWorld();
      world.set({ listener: { l: "v1" } });
      using stream = world.open(variant);
      stream.want("listener");
      await stream.hears();
      for (const backOffMs of [1_000, 2_000]) {
        stream.nack("listener", "l: cannot bind");
        await stream.hears();
        await world.pass(backOffMs);
        await stream.hears();
      }
      stream.ack("listener");
      world.set({ listener: { l: "v2" } });
      assert.deepEqual(await stream.hears(), ["listener +l@v2"]);
      stream.nack("listener", "l: cannot bind");
      await stream.hears();
      await world.pass(1_000);
      assert.deepEqual(await stream.hears(), ["listener +l@v2"]);
    });

    test(`${variant}: what goes back to what the client has is neither sent nor an error any more`, async () => {
      await using world = await startServedWorld();
      world.set({ cluster: { a: "v1" } });
      using stream = world.open(variant);
      stream.want("cluster");
      await stream.settles();
      world.set({ cluster: { a: "v2" } });
      await stream.hears();
      stream.nack("cluster", "a: no such filter");
      await stream.hears();
      world.set({ cluster: { a: "v1" } });
      assert.deepEqual(await stream.hears(), []);
      await world.pass(60_000);
      assert.deepEqual(await stream.hears(), []);
      assert.equal(world.server.clients.list()[0]?.types.cluster.status, "SYNCED");
    });

    test(`${variant}: who lets go of what it rejected is not sent it again`, async () => {
      await using world = await startServedWorld();
      world.set({ endpoints: { a: "v1", b: "v1" } });
      using stream = world.open(variant);
      stream.want("endpoints", ["a", "b"]);
      await stream.hears();
      stream.nack("endpoints", "a: bad");
      await stream.settles();
      stream.want("endpoints", ["b"]);
      await stream.settles();
      await world.pass(60_000);
      assert.deepEqual(await stream.hears(), []);
    });
  }

  test("delta: a removal that is rejected is tried again after a while", async () => {
    await using world = await startServedWorld();
    world.set({ listener: { l: "v1" } });
    using stream = world.open("delta");
    stream.want("listener");
    await stream.settles();
    world.set({});
    assert.deepEqual(await stream.hears(), ["listener -l"]);
    stream.nack("listener", "no");
    assert.deepEqual(await stream.hears(), []);
    await world.pass(999);
    assert.deepEqual(await stream.hears(), []);
    await world.pass(1);
    assert.deepEqual(await stream.settles(), ["listener -l"]);
  });

  test("delta: a removal that came with a rejected change is told again without it", async () => {
    await using world = await startServedWorld();
    world.set({ listener: { k: "v1", l: "v1" } });
    using stream = world.open("delta");
    stream.want("listener");
    await stream.settles();
    world.set({ listener: { l: "v2" } });
    assert.deepEqual(await stream.hears(), ["listener +l@v2 -k"]);
    stream.nack("listener", "l: cannot bind");
    assert.deepEqual(await stream.settles(), ["listener -k"]);
  });
});
