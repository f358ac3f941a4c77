import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

const words = {
  cluster: { a: "v1", b: "v1" },
  listener: { a: "v1", b: "v1" },
  scopedRoutes: { a: "v1", b: "v1" },
  endpoints: { a: "v1" },
  routes: { a: "v1" },
};
const grpc = { userAgentName: "gRPC Node Pure JS" };

for (const variant of variants) {
  for (const type of ["cluster", "listener", "scopedRoutes"] as const) {
    test(`${variant}: an empty first list means each ${type} there is, and will be`, async () => {
      await using world = await startServedWorld();
      world.set(words);
      using stream = world.open(variant);
      stream.want(type);
      assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v1`]);
      world.set({ [type]: { a: "v1", b: "v1", c: "v1" } });
      const whole = variant === "sotw" ? "+a@v1 +b@v1 " : "";
      assert.deepEqual(await stream.settles(), [`${type} ${whole}+c@v1`]);
    });

    test(`${variant}: the name * means each ${type} there is, also for a gRPC client`, async () => {
      await using world = await startServedWorld();
      world.set(words);
      for (const node of [{}, grpc]) {
        using stream = world.open(variant, { node });
        stream.want(type, ["*"]);
        assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v1`]);
      }
    });
  }

  test(`${variant}: an empty first list means no endpoints and no routes`, async () => {
    await using world = await startServedWorld();
    world.set(words);
    using stream = world.open(variant);
    stream.want("endpoints");
    stream.want("routes");
    assert.deepEqual(await stream.hears(), []);
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1"], "and naming one later asks for that one");
  });

  test(`${variant}: a world without clusters is an answer to whoever wants them all`, async () => {
    await using world = await startServedWorld();
    world.set({});
    using stream = world.open(variant);
    stream.want("cluster");
    assert.deepEqual(await stream.hears(), ["cluster"]);
  });

  test(`${variant}: names beside * are answered with an error where they do not exist, and stay when * goes`, async () => {
    await using world = await startServedWorld();
    world.set(words);
    using stream = world.open(variant);
    stream.want("cluster", ["*", "a", "later"]);
    assert.deepEqual(await stream.settles(), [
      variant === "sotw" ? "cluster +a@v1 +b@v1 !later" : "cluster +a@v1 +b@v1 -later !later",
    ]);
    stream.want("cluster", ["a", "later"]);
    assert.deepEqual(await stream.settles(), []);
    world.set({ cluster: { a: "v1", b: "v2", c: "v1", later: "v1" } });
    assert.deepEqual(await stream.settles(), [variant === "sotw" ? "cluster +a@v1 +later@v1" : "cluster +later@v1"]);
  });

  test(`${variant}: whoever leaves * for nothing is sent nothing, and everything when it comes back to it`, async () => {
    await using world = await startServedWorld();
    world.set(words);
    using stream = world.open(variant);
    stream.want("listener", ["*"]);
    assert.deepEqual(await stream.settles(), ["listener +a@v1 +b@v1"]);
    stream.want("listener", []);
    assert.deepEqual(await stream.hears(), []);
    world.set({ listener: { a: "v2", b: "v1", c: "v1" } });
    assert.deepEqual(await stream.settles(), []);
    stream.want("listener", ["*"]);
    assert.deepEqual(await stream.settles(), ["listener +a@v2 +b@v1 +c@v1"]);
  });
}

test("sotw: whoever begins with an empty list and then names one wants that one only, and then none", async () => {
  await using world = await startServedWorld();
  world.set(words);
  using stream = world.open("sotw");
  stream.want("cluster");
  await stream.settles();
  stream.want("cluster", ["a"]);
  await stream.settles();
  world.set({ cluster: { a: "v1", b: "v2" } });
  assert.deepEqual(await stream.settles(), []);
  world.set({ cluster: { a: "v2", b: "v2" } });
  assert.deepEqual(await stream.settles(), ["cluster +a@v2"]);
  stream.want("cluster", []);
  await stream.settles();
  world.set({ cluster: { a: "v3", b: "v3" } });
  assert.deepEqual(await stream.settles(), [], "an empty list is no wildcard any more once something was named");
});

test("delta: whoever begins with an empty list has all until it lets go of *, whatever it names", async () => {
  await using world = await startServedWorld();
  world.set(words);
  using stream = world.open("delta");
  stream.want("cluster");
  await stream.settles();
  stream.want("cluster", ["a"]);
  await stream.settles();
  world.set({ cluster: { a: "v1", b: "v2" } });
  assert.deepEqual(await stream.settles(), ["cluster +b@v2"]);
  stream.sendDelta({ typeUrl: urlOf("cluster"), resourceNamesUnsubscribe: ["*"] });
  assert.deepEqual(await stream.hears(), []);
  world.set({ cluster: { a: "v2", b: "v3" } });
  assert.deepEqual(await stream.settles(), ["cluster +a@v2"]);
});

// As every name, which the client may have forgotten: https://github.com/envoyproxy/go-control-plane/issues/1450
for (const variant of variants) {
  test(`${variant}: whoever asks for * again is sent all again`, async () => {
    await using world = await startServedWorld();
    world.set(words);
    using stream = world.open(variant);
    stream.want("listener", ["*"]);
    assert.deepEqual(await stream.settles(), ["listener +a@v1 +b@v1"]);
    stream.again("listener");
    assert.deepEqual(await stream.settles(), ["listener +a@v1 +b@v1"]);
  });
}

test("sotw: a gRPC client never means all by an empty list", async () => {
  await using world = await startServedWorld();
  world.set(words);
  using stream = world.open("sotw", { node: grpc });
  stream.want("listener");
  stream.want("cluster");
  assert.deepEqual(await stream.hears(), []);
  stream.want("listener", ["b"]);
  assert.deepEqual(await stream.settles(), ["listener +b@v1"]);
  stream.want("listener", []);
  await stream.settles();
  world.set({ ...words, listener: { a: "v2", b: "v2" } });
  assert.deepEqual(await stream.settles(), []);
});
