import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../kit/wait.ts";
import { variants } from "./plain-client.ts";
import { type ServedWorld, startServedWorld } from "./served-world.ts";

const words = { cluster: { a: "v1" }, listener: { l: "v1" } };

/** Returns once so many requests were heard, and says how many responses there were. */
async function responsesAfter({ server }: ServedWorld, requests: number): Promise<number> {
  const client = () => server.clients.list().find(({ cost }) => cost.requests === requests);
  const { cost } = await until(client, { within: 20_000, what: `${requests} requests heard` });
  return cost.responses;
}

for (const variant of variants) {
  test(`${variant}: while there is no snapshot, nothing is sent: no empty list deletes anything`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("listener");
    stream.want("endpoints", ["a"]);
    assert.equal(await responsesAfter(world, 3), 0);
    world.set(words);
    assert.deepEqual((await stream.settles())[0], "cluster +a@v1");
  });

  test(`${variant}: time alone does not make a server without a snapshot say something`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    stream.want("cluster");
    assert.equal(await responsesAfter(world, 1), 0);
    await world.pass(60_000);
    assert.equal(await responsesAfter(world, 1), 0);
  });

  test(`${variant}: what a client changes its mind about before there is a snapshot is not sent`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    stream.want("endpoints", ["b", "c"]);
    assert.equal(await responsesAfter(world, 2), 0);
    world.set({ endpoints: { a: "v1", b: "v1", c: "v1" } });
    const texts = await stream.settles();
    assert.deepEqual(
      texts.map((text) => text.split(" ").sort()),
      [["+b@v1", "+c@v1", "endpoints"]],
    );
  });

  test(`${variant}: a viewer that was forgotten is not served an empty world`, async () => {
    await using world = await startServedWorld();
    world.set(words);
    using before = world.open(variant);
    before.want("cluster");
    await before.settles();
    before.cancel();
    await until(() => world.server.clients.list().length === 0, { within: 20_000, what: "the client gone" });
    world.server.forget("test");
    using again = world.open(variant);
    again.want("cluster");
    assert.equal(await responsesAfter(world, 1), 0);
    world.set(words);
    assert.deepEqual(await again.settles(), ["cluster +a@v1"]);
  });

  test(`${variant}: a world that is known to be empty is told`, async () => {
    await using world = await startServedWorld();
    world.set({});
    using stream = world.open(variant);
    stream.want("cluster");
    assert.deepEqual(await stream.settles(), ["cluster"]);
  });
}

test("sotw: a client that comes back before there is a snapshot is sent nothing that it has once there is", async () => {
  await using before = await startServedWorld();
  await using world = await startServedWorld();
  before.set(words);
  using old = before.open("sotw");
  old.want("cluster");
  old.want("listener");
  await old.settles();
  using stream = world.open("sotw");
  stream.want("cluster", [], { version: old.last("cluster").version });
  stream.want("listener", [], { version: old.last("listener").version });
  assert.equal(await responsesAfter(world, 2), 0);
  world.set({ ...words, listener: { l: "v2" } });
  assert.deepEqual(await stream.settles(), ["listener +l@v2"]);
});

test("delta: a client that comes back before there is a snapshot is sent only what differs once there is", async () => {
  await using before = await startServedWorld();
  await using world = await startServedWorld();
  const three = { a: "v1", b: "v1", c: "v1" };
  before.set({ endpoints: three });
  using old = before.open("delta");
  old.want("endpoints", ["a", "b", "c"]);
  await old.settles();
  const has = Object.fromEntries(old.last("endpoints").resources.map(({ name, version }) => [name, version]));
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b", "c"], { has });
  assert.equal(await responsesAfter(world, 1), 0);
  world.set({ endpoints: { a: "v1", b: "v2" } });
  assert.deepEqual(await stream.settles(), ["endpoints +b@v2 -c"]);
});
