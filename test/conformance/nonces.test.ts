import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
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
