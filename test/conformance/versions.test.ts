import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlainStream, variants } from "./plain-client.ts";
import { startServedWorld, type Words } from "./served-world.ts";

/** The version of each resource, as delta has it. */
function each(stream: PlainStream): Readonly<Record<string, string>> {
  return Object.fromEntries(stream.last("endpoints").resources.map(({ name, version }) => [name, version]));
}

for (const variant of variants) {
  test(`${variant}: equal worlds have equal versions on every server, in whatever order they are given`, async () => {
    const versions = async (words: Words) => {
      await using world = await startServedWorld();
      world.set(words);
      using stream = world.open(variant);
      stream.want("cluster", ["*"]);
      stream.want("endpoints", Object.keys(words.endpoints ?? {}));
      await stream.hears();
      return [stream.last("cluster").version, stream.last("endpoints").version, each(stream)];
    };
    const one = await versions({ cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } });
    const other = await versions({ cluster: { b: "v1", a: "v1" }, endpoints: { b: "v1", a: "v1" } });
    assert.deepEqual(one, other);
    assert.notDeepEqual(one, await versions({ cluster: { a: "v1", b: "v2" }, endpoints: { a: "v1", b: "v2" } }));
  });

  test(`${variant}: versions are short and change only with the content`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set({ endpoints: { a: "v1", b: "v1" } });
    stream.want("endpoints", ["a", "b"]);
    await stream.hears();
    const before = stream.last("endpoints");
    for (const version of [before.version, ...Object.values(each(stream))]) assert.ok(version.length <= 16, version);
    stream.ack("endpoints");
    world.set({ cluster: { x: "v1" }, endpoints: { a: "v1", b: "v1", c: "v1" } });
    assert.deepEqual(await stream.hears(), [], "nothing of its own changed");
    world.set({ endpoints: { a: "v2", b: "v1" } });
    assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
    assert.notEqual(stream.last("endpoints").version, before.version);
    stream.ack("endpoints");
    world.set({ endpoints: { a: "v1", b: "v1" } });
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1"]);
    assert.equal(stream.last("endpoints").version, before.version, "what it was before has the version it had");
  });
}

for (const variant of variants) {
  test(`${variant}: a world that was made anew is no change where it is equal`, async () => {
    await using world = await startServedWorld();
    const words = { cluster: { a: "v1" }, endpoints: { a: "v1" }, listener: { l: "v1>r" }, routes: { r: "v1>a" } };
    world.set(words);
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("listener");
    stream.want("endpoints", ["a"]);
    stream.want("routes", ["r"]);
    await stream.settles();
    world.set(words, "test", { anew: true });
    assert.deepEqual(await stream.hears(), []);
    world.set({ ...words, endpoints: { a: "v2" } }, "test", { anew: true });
    assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
  });
}

test("sotw: the version of a response that carries only what changed is that of all the client holds", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1", c: "v1" } });
  using stream = world.open("sotw");
  stream.want("endpoints", ["a", "b"]);
  await stream.hears();
  stream.ack("endpoints");
  world.set({ endpoints: { a: "v1", b: "v2", c: "v2" } });
  assert.deepEqual(await stream.hears(), ["endpoints +b@v2"]);
  using newcomer = world.open("sotw");
  newcomer.want("endpoints", ["a", "b"]);
  assert.deepEqual(await newcomer.hears(), ["endpoints +a@v1 +b@v2"]);
  assert.equal(newcomer.last("endpoints").version, stream.last("endpoints").version);
  using other = world.open("sotw");
  other.want("endpoints", ["a", "c"]);
  await other.hears();
  assert.notEqual(other.last("endpoints").version, stream.last("endpoints").version);
});

test("delta: each resource has a version of its own, which the changes of others leave alone", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1", b: "v1" } });
  using stream = world.open("delta");
  stream.want("endpoints", ["a", "b"]);
  await stream.hears();
  const before = each(stream);
  stream.ack("endpoints");
  world.set({ endpoints: { a: "v2", b: "v1" } });
  await stream.hears();
  assert.notEqual(each(stream)["a"], before["a"]);
  using newcomer = world.open("delta");
  newcomer.want("endpoints", ["b", "a"]);
  await newcomer.hears();
  assert.deepEqual(each(newcomer), { ...before, ...each(stream) });
});

test("sotw: it is the nonce that an answer goes by, whatever version it states", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: { a: "v1" } });
  using stream = world.open("sotw");
  stream.want("endpoints", ["a"]);
  await stream.hears();
  const acked = () => world.notes.filter((note) => note.kind === "acked" && note.type === "endpoints").length;
  stream.want("endpoints", ["a"], { nonce: stream.last("endpoints").nonce, version: "" });
  assert.deepEqual(await stream.hears(), []);
  assert.equal(acked(), 1);
  world.set({ endpoints: { a: "v2" } });
  assert.deepEqual(await stream.hears(), ["endpoints +a@v2"]);
});
