import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

const types = ["cluster", "endpoints", "listener", "routes"] as const;
const three = { a: "v1", b: "v1", c: "v1" };

for (const variant of variants) {
  for (const type of types) {
    test(`${variant}: who asks for one ${type} of three gets that one, and only its changes`, async () => {
      await using world = await startServedWorld();
      world.set({ [type]: three });
      using stream = world.open(variant, { node: { userAgentName: "gRPC Go" } });
      stream.want(type, ["b"]);
      assert.deepEqual(await stream.settles(), [`${type} +b@v1`]);
      world.set({ [type]: { ...three, a: "v2" } });
      assert.deepEqual(await stream.settles(), []);
      world.set({ [type]: { ...three, a: "v2", b: "v2" } });
      assert.deepEqual(await stream.settles(), [`${type} +b@v2`]);
    });

    test(`${variant}: a ${type} that comes into being later is sent then`, async () => {
      await using world = await startServedWorld();
      world.set({});
      using stream = world.open(variant);
      stream.want(type, ["a"]);
      assert.deepEqual(await stream.settles(), [variant === "sotw" ? `${type} !a` : `${type} -a !a`]);
      world.set({ [type]: three });
      assert.deepEqual(await stream.settles(), [`${type} +a@v1`]);
    });
  }

  test(`${variant}: a name that is added is answered, and the names from before are not sent again`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: three });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1"]);
    stream.want("endpoints", ["a", "c"]);
    assert.deepEqual(await stream.settles(), ["endpoints +c@v1"]);
  });

  test(`${variant}: a name that is let go of gets nothing more, and is sent anew when it is taken up again`, async () => {
    await using world = await startServedWorld();
    world.set({ routes: three });
    using stream = world.open(variant);
    stream.want("routes", ["a", "b"]);
    await stream.settles();
    stream.want("routes", ["b"]);
    assert.deepEqual(await stream.hears(), []);
    world.set({ routes: { ...three, a: "v2" } });
    assert.deepEqual(await stream.settles(), []);
    stream.want("routes", ["a", "b"]);
    assert.deepEqual(await stream.settles(), ["routes +a@v2"]);
    stream.want("routes", ["b"]);
    stream.want("routes", ["a", "b"]);
    assert.deepEqual(await stream.settles(), ["routes +a@v2"], "also when nothing changed");
  });

  test(`${variant}: who asks again for what it has is answered again`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: three, endpoints: three });
    using stream = world.open(variant);
    stream.want("listener", ["a"]);
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    stream.again("endpoints");
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1 +b@v1"]);
    stream.again("listener");
    assert.deepEqual(await stream.settles(), ["listener +a@v1"]);
  });

  test(`${variant}: a name that is asked for twice in one list is one name`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: three });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "a", "b", "a"]);
    assert.deepEqual(await stream.settles(), ["endpoints +a@v1 +b@v1"]);
  });
}

for (const variant of variants)
  test(`${variant}: who asks before there is a world is answered once there is one`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    stream.want("cluster");
    stream.want("endpoints", ["a"]);
    world.set({ cluster: { a: "v1" }, endpoints: three });
    assert.deepEqual(await stream.settles(), ["cluster +a@v1", "endpoints +a@v1"]);
  });
