import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlainStream, variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

function ask(stream: PlainStream, typeUrl: string): void {
  if (stream.variant === "sotw") stream.sendSotw({ typeUrl, resourceNames: ["a"] });
  else stream.sendDelta({ typeUrl, resourceNamesSubscribe: ["a"] });
}

for (const variant of variants) {
  test(`${variant}: a type that is not served gets nothing, the stream and its other types live on`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    ask(stream, "type.googleapis.com/envoy.config.nothing.v3.Nothing");
    stream.want("cluster", ["*"]);
    ask(stream, "type.googleapis.com/envoy.api.v2.Cluster");
    assert.deepEqual(await stream.settles(), ["cluster +a@v1"]);
    world.set({ cluster: { a: "v2" } });
    assert.deepEqual(await stream.settles(), ["cluster +a@v2"]);
  });

  test(`${variant}: a type that is not served is noted once, and many of them not one by one`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    for (let round = 0; round < 3; round += 1) ask(stream, "made.up/Type");
    await stream.hears();
    const told = () => world.notes.filter(({ kind }) => kind === "unknown-type").length;
    assert.equal(told(), 1);
    for (let type = 0; type < 200; type += 1) ask(stream, `made.up/Type${type}`);
    await stream.hears();
    assert.equal(told(), 10);
  });

  test(`${variant}: on ADS a request must say its type: without one it gets nothing`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    ask(stream, "");
    assert.deepEqual(await stream.hears(), []);
  });
}
