import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../kit/wait.ts";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

for (const variant of variants) {
  test(`${variant}: two streams of one node are served each for itself`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
    const node = { id: "edge-1" };
    using one = world.open(variant, { node });
    using other = world.open(variant, { node });
    one.want("cluster");
    other.want("cluster");
    other.want("endpoints", ["a"]);
    assert.deepEqual(await one.hears(), ["cluster +a@v1"]);
    assert.deepEqual(await other.settles(), ["cluster +a@v1", "endpoints +a@v1"]);
    one.nack("cluster", "a: no such filter");
    assert.deepEqual(await one.hears(), []);
    world.set({ cluster: { a: "v2" }, endpoints: { a: "v1" } });
    assert.deepEqual(await one.settles(), ["cluster +a@v2"]);
    assert.deepEqual(await other.settles(), ["cluster +a@v2", "endpoints +a@v1"]);
    assert.deepEqual(
      world.server.clients.list().map(({ nodeId }) => nodeId),
      ["edge-1", "edge-1"],
    );
  });

  test(`${variant}: many viewers have each their own, and a change goes to those whom it concerns`, async () => {
    await using world = await startServedWorld();
    const viewers = Array.from({ length: 30 }, (_, index) => `viewer-${index}`);
    const streams = viewers.map((viewer) => {
      world.set({ cluster: { shared: "v1", own: `v1-${viewer}` } }, viewer);
      const stream = world.open(variant, { node: { cluster: viewer } });
      stream.want("cluster");
      return stream;
    });
    const first = await Promise.all(streams.map((stream) => stream.settles()));
    assert.deepEqual(
      first,
      viewers.map((viewer) => [`cluster +own@v1-${viewer} +shared@v1`]),
    );
    world.set({ cluster: { shared: "v1", own: "v2" } }, "viewer-7");
    const then = await Promise.all(streams.map((stream) => stream.settles()));
    const changed = { sotw: "cluster +own@v2 +shared@v1", delta: "cluster +own@v2" }[variant];
    assert.deepEqual(
      then.flatMap((texts, index) => texts.map((text) => `${index}: ${text}`)),
      [`7: ${changed}`],
    );
  });

  test(`${variant}: viewers that have the same have it in the same versions`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1" } }, "one");
    world.set({ endpoints: { b: "v1", a: "v1" } }, "other");
    const told = await Promise.all(
      ["one", "other"].map(async (viewer) => {
        const stream = world.open(variant, { node: { cluster: viewer } });
        stream.want("endpoints", ["a", "b"]);
        await stream.settles();
        const { version, resources } = stream.last("endpoints");
        return { version, resources };
      }),
    );
    assert.deepEqual(told[0], told[1]);
  });

  test(`${variant}: the embedder says who sees what, by anything that a node tells`, async () => {
    await using world = await startServedWorld({ viewer: ({ locality }) => `zone ${locality?.zone}` });
    world.set({ endpoints: { a: "near" } }, "zone z1");
    world.set({ endpoints: { a: "far" } }, "zone z2");
    using near = world.open(variant, { node: { locality: { zone: "z1" } } });
    using far = world.open(variant, { node: { locality: { zone: "z2" } } });
    near.want("endpoints", ["a"]);
    far.want("endpoints", ["a"]);
    assert.deepEqual(await near.settles(), ["endpoints +a@near"]);
    assert.deepEqual(await far.settles(), ["endpoints +a@far"]);
    assert.deepEqual(
      world.server.clients
        .list()
        .map(({ viewer }) => viewer)
        .sort(),
      ["zone z1", "zone z2"],
    );
  });

  test(`${variant}: a viewer is wanted from its first client to its last`, async () => {
    const heard: string[] = [];
    await using world = await startServedWorld({
      wanted(viewer, signal) {
        heard.push(`${viewer} wanted`);
        signal.addEventListener("abort", () => heard.push(`${viewer} left`));
      },
    });
    world.set({ cluster: { a: "v1" } });
    using one = world.open(variant);
    using other = world.open(variant);
    for (const stream of [one, other]) {
      stream.want("cluster");
      await stream.settles();
    }
    assert.deepEqual(heard, ["test wanted"]);
    one.cancel();
    await until(() => world.server.clients.list().length === 1, { within: 20_000, what: "one gone" });
    assert.deepEqual(heard, ["test wanted"]);
    other.cancel();
    await until(() => heard.length === 2, { within: 20_000, what: "the other gone" });
    assert.deepEqual(heard, ["test wanted", "test left"]);
  });

  test(`${variant}: a viewer that is forgotten while clients are there goes on for them`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("cluster");
    await stream.settles();
    world.server.forget("test");
    assert.deepEqual(await stream.hears(), []);
    world.set({ cluster: { a: "v2" } });
    assert.deepEqual(await stream.settles(), ["cluster +a@v2"]);
  });
}
