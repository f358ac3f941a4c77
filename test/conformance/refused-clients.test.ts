import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: who is refused is told why, is sent nothing, and nobody else is bothered`, async () => {
    await using world = await startServedWorld({
      refuse: ({ id }) => (id === "stranger" ? "the stranger has no token" : undefined),
    });
    world.set({ cluster: { a: "v1" } });
    using stranger = world.open(variant, { node: { id: "stranger" } });
    using friend = world.open(variant);
    stranger.want("cluster");
    friend.want("cluster");
    assert.equal(await stranger.ended(), "PERMISSION_DENIED: the stranger has no token");
    await assert.rejects(stranger.next(), /the stream ended/);
    assert.deepEqual(await friend.settles(), ["cluster +a@v1"]);
    assert.equal(world.server.clients.list().length, 1);
    const [refused] = world.notes.filter((note) => note.kind === "client-refused");
    assert.equal(refused?.reason, "the stranger has no token");
  });

  test(`${variant}: each stream is asked about once, whatever it says later`, async () => {
    const asked: string[] = [];
    await using world = await startServedWorld({
      refuse({ id }) {
        asked.push(id);
        return undefined;
      },
    });
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
    using stream = world.open(variant, { node: { id: "edge-1" } });
    stream.want("cluster");
    await stream.settles();
    stream.want("endpoints", ["a"]);
    await stream.settles();
    assert.deepEqual(asked, ["edge-1"]);
  });

  test(`${variant}: a hook that throws refuses its client only, and does not tell it the cause`, async () => {
    await using world = await startServedWorld({
      refuse({ id }) {
        if (id === "broken") throw new Error("the key file is gone");
        return undefined;
      },
    });
    world.set({ cluster: { a: "v1" } });
    using broken = world.open(variant, { node: { id: "broken" } });
    using friend = world.open(variant);
    broken.want("cluster");
    friend.want("cluster");
    const ended = await broken.ended();
    assert.match(ended, /^PERMISSION_DENIED/);
    assert.doesNotMatch(ended, /key file/);
    assert.deepEqual(await friend.settles(), ["cluster +a@v1"]);
    const [threw] = world.notes.filter((note) => note.kind === "hook-threw");
    assert.equal(threw?.nodeId, "broken");
  });
}
