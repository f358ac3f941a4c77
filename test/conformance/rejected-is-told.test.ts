import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

const reason = "Error adding/updating listener(s) c: cannot bind '0.0.0.0:80': Address already in use";

for (const variant of variants) {
  test(`${variant}: a rejection is told with the node, the type, the resource and the client's words`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { a: "v1", b: "v1", c: "v1" } });
    using stream = world.open(variant, { node: { id: "edge-1" } });
    stream.want("listener");
    await stream.hears();
    const { nonce, version } = stream.last("listener");
    stream.nack("listener", reason);
    await stream.settles();
    const told = world.notes.filter((note) => note.kind === "rejected");
    const about = { nodeId: "edge-1", client: "envoy" };
    assert.deepEqual(told, [
      { kind: "rejected", type: "listener", nonce, version, names: ["c"], of: 3, reason, ...about },
    ]);
  });

  test(`${variant}: what is rejected is on show: since when, how often, and when it is tried again`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { a: "v1", c: "v1" } });
    using stream = world.open(variant);
    stream.want("listener");
    await stream.hears();
    stream.nack("listener", reason);
    await stream.settles();
    await world.pass(1_000);
    await stream.hears();
    stream.nack("listener", reason);
    await stream.settles();
    const [client] = world.server.clients.list();
    const { status, rejected } = client?.types.listener ?? {};
    assert.deepEqual(
      { status, rejected, words: client?.types.listener.reason },
      { status: "ERROR", rejected: ["c"], words: reason },
    );
    const shown = [...(client?.resources() ?? [])].filter(({ type }) => type === "listener");
    assert.deepEqual(
      shown.map(({ name, status }) => `${name} ${status}`),
      ["a ACKED", "c NACKED"],
    );
    const bad = shown.find(({ name }) => name === "c");
    assert.deepEqual(
      { attempts: bad?.attempts, reason: bad?.reason, held: bad?.held },
      { attempts: 2, reason, held: "" },
    );
    assert.equal((bad?.retryAt?.getTime() ?? 0) - (bad?.at.getTime() ?? 0), 2_000);
  });

  test(`${variant}: a NACK counts, an ACK after it ends the error`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { c: "v1" } });
    using stream = world.open(variant);
    stream.want("listener");
    await stream.hears();
    stream.nack("listener", reason);
    await stream.hears();
    assert.equal(world.server.clients.list()[0]?.types.listener.status, "ERROR");
    assert.equal(world.server.clients.list()[0]?.cost.nacks, 1);
    assert.deepEqual(await world.server.clients.settled(5_000, AbortSignal.timeout(5_000)), { acked: 0, of: 1 });
    world.set({ listener: { c: "v2" } });
    await stream.settles();
    assert.equal(world.server.clients.list()[0]?.types.listener.status, "SYNCED");
    assert.deepEqual(await world.server.clients.settled(5_000, AbortSignal.timeout(5_000)), { acked: 1, of: 1 });
  });

  test(`${variant}: a NACK without a word is a NACK`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { c: "v1" } });
    using stream = world.open(variant);
    stream.want("listener");
    await stream.hears();
    stream.nack("listener", "");
    assert.deepEqual(await stream.hears(), []);
    const [told] = world.notes.filter((note) => note.kind === "rejected");
    assert.equal(told?.reason, "no reason given");
  });
}
