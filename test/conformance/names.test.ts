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

for (const variant of variants) {
  test(`${variant}: an answer may change the names in the same breath`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: three });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    assert.deepEqual(await stream.hears(), ["endpoints +a@v1 +b@v1"]);
    const { nonce, version } = stream.last("endpoints");
    stream.want("endpoints", ["b", "c"], { nonce, version });
    assert.deepEqual(await stream.settles(), ["endpoints +c@v1"]);
    world.set({ endpoints: { a: "v2", b: "v2", c: "v2" } });
    assert.deepEqual(await stream.settles(), ["endpoints +b@v2 +c@v2"]);
  });

  test(`${variant}: whoever lets go of all its names gets nothing more, and may take them up again`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: three });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    stream.want("endpoints", []);
    assert.deepEqual(await stream.hears(), []);
    world.set({ endpoints: { a: "v2", b: "v2", c: "v2" } });
    assert.deepEqual(await stream.hears(), []);
    stream.want("endpoints", ["a"]);
    assert.deepEqual(await stream.settles(), ["endpoints +a@v2"]);
  });

  test(`${variant}: any text can be a name`, async () => {
    await using world = await startServedWorld();
    const odd = ["__proto__", "constructor", "größe/☂ 𝒳", "a,b", " ", "n".repeat(130), "n".repeat(1_900)];
    const words = (content: string) => Object.fromEntries(odd.map((name) => [`${name}!`, content]));
    world.set({ endpoints: words("v1") });
    using stream = world.open(variant);
    const names = Object.keys(words(""));
    stream.want("endpoints", [...names, "", ...odd]);
    await stream.settles();
    const told = stream.last("endpoints");
    assert.deepEqual(told.resources.map(({ name }) => name).sort(), [...names].sort());
    assert.deepEqual(told.errors.map(({ name }) => name).sort(), ["", ...odd].sort());
    world.set({ endpoints: { ...words("v1"), [names[2] ?? ""]: "v2" } });
    assert.deepEqual(await stream.settles(), [`endpoints +${names[2]}@v2`]);
  });
}

test("sotw: the same names in another order are the same names", async () => {
  await using world = await startServedWorld();
  world.set({ endpoints: three });
  using stream = world.open("sotw");
  stream.want("endpoints", ["a", "b", "c"]);
  await stream.hears();
  const { nonce, version } = stream.last("endpoints");
  stream.want("endpoints", ["c", "a", "b"], { nonce, version });
  assert.deepEqual(await stream.hears(), [], "an ACK");
  assert.equal(world.server.clients.list()[0]?.types.endpoints.status, "SYNCED");
  stream.want("endpoints", ["b", "c", "a"]);
  assert.deepEqual(await stream.hears(), ["endpoints +a@v1 +b@v1 +c@v1"], "and then the same request again");
});
