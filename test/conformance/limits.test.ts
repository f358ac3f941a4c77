import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: a stream that asks for more names than are taken is ended and told how many are`, async () => {
    await using world = await startServedWorld({ limits: { maxNames: 50 } });
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    const names = Array.from({ length: 49 }, (_, index) => `name-${index}`);
    stream.want("endpoints", names);
    await stream.settles();
    stream.want("routes", ["one", "two"]);
    assert.equal(
      await stream.ended(),
      "RESOURCE_EXHAUSTED: it asks for 52 names on one stream; at most 50 are taken",
      "with that of the world's marker",
    );
    using honest = world.open(variant);
    honest.want("endpoints", ["a"]);
    assert.deepEqual(await honest.settles(), ["endpoints +a@v1"]);
  });

  if (variant === "delta") {
    test("delta: long names that one after the other come to too much end their stream, unless others are let go", async () => {
      await using world = await startServedWorld({ limits: { maxNames: 50 } });
      world.set({ endpoints: { a: "v1" } });
      using stream = world.open(variant);
      const name = (index: number) => `${index}`.padEnd(4_000, "x");
      stream.want("endpoints", ["a"]);
      await stream.settles();
      for (let index = 0; index < 5; index += 1) {
        const drop = index < 2 ? [] : [name(index - 2)];
        stream.sendDelta({
          typeUrl: urlOf("endpoints"),
          resourceNamesSubscribe: [name(index)],
          resourceNamesUnsubscribe: drop,
        });
        await stream.settles();
      }
      stream.want("routes", [name(5)]);
      assert.match(
        await stream.ended(),
        /^RESOURCE_EXHAUSTED: the names that it asks for on one stream have 120\d\d characters; at most 10000 are taken/,
      );
    });
  }

  test(`${variant}: a request that is larger than is taken ends its stream, not its connection's others`, async () => {
    await using world = await startServedWorld({ limits: { maxRequestBytes: 10_000 } });
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["x".repeat(11_000)]);
    assert.match(await stream.ended(), /^RESOURCE_EXHAUSTED: /);
    using honest = world.open(variant);
    honest.want("endpoints", ["a"]);
    assert.deepEqual(await honest.settles(), ["endpoints +a@v1"]);
  });

  test(`${variant}: a stream that never asks is ended`, async () => {
    await using world = await startServedWorld({ limits: { maxIdleMs: 100 } });
    using stream = world.open(variant);
    assert.equal(await stream.ended(), "DEADLINE_EXCEEDED: no request within 100 ms");
  });

  test(`${variant}: a node that opens streams again and again is sent away in a storm, and others are not`, async () => {
    await using world = await startServedWorld({
      limits: { streamBurst: 20, streamsPerSecond: 0.001, streamsPerNodePerMinute: 3 },
    });
    world.set({ endpoints: { a: "v1" } });
    const open = (id: string) => {
      const stream = world.open(variant, { node: { id } });
      stream.want("endpoints", ["a"]);
      return stream;
    };
    for (let other = 0; other < 7; other += 1) await open(`other-${other}`).next();
    for (let time = 0; time < 3; time += 1) await open("again").next();
    // Half of the burst is gone.
    for (let time = 0; time < 3; time += 1)
      assert.match(
        await open("again").ended(),
        /^RESOURCE_EXHAUSTED: node "again" opens streams too often; come again in /,
      );
    await open("last").next();
  });

  test(`${variant}: whoever may not have a stream is told why`, async () => {
    await using world = await startServedWorld({
      refuse: ({ id }) => (id === "stranger" ? "not one of ours" : undefined),
    });
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant, { node: { id: "stranger" } });
    stream.want("cluster");
    assert.equal(await stream.ended(), "PERMISSION_DENIED: not one of ours");
  });
}
