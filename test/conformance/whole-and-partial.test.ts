import assert from "node:assert/strict";
import { test } from "node:test";
import { startServedWorld } from "./served-world.ts";

// https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#grouping-resources-into-responses
const three = { a: "v1", b: "v1", c: "v1" };

for (const type of ["cluster", "listener", "scopedRoutes"] as const) {
  test(`sotw: each ${type} is in every response, changed or not, and one that is left out is gone`, async () => {
    await using world = await startServedWorld();
    world.set({ [type]: three });
    using stream = world.open("sotw");
    stream.want(type);
    assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v1 +c@v1`]);
    world.set({ [type]: { ...three, b: "v2" } });
    assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v2 +c@v1`]);
    world.set({ [type]: { a: "v1", c: "v1" } });
    assert.deepEqual(await stream.settles(), [`${type} +a@v1 +c@v1`]);
    world.set({});
    assert.deepEqual(await stream.settles(), [type], "the last one is gone, too");
  });

  test(`sotw: of each ${type} only those that were asked for are in a response, all of them`, async () => {
    await using world = await startServedWorld();
    world.set({ [type]: three });
    using stream = world.open("sotw");
    stream.want(type, ["a", "b"]);
    assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v1`]);
    world.set({ [type]: { ...three, a: "v2", c: "v2" } });
    assert.deepEqual(await stream.settles(), [`${type} +a@v2 +b@v1`]);
    stream.want(type, ["a", "b", "c"]);
    assert.deepEqual(await stream.settles(), [`${type} +a@v2 +b@v1 +c@v2`]);
  });
}

for (const type of ["endpoints", "routes", "secret", "extension"] as const) {
  test(`sotw: ${type} come only as far as they changed, and what is gone is not mentioned`, async () => {
    await using world = await startServedWorld();
    world.set({ [type]: three });
    using stream = world.open("sotw");
    stream.want(type, ["a", "b", "c"]);
    assert.deepEqual(await stream.settles(), [`${type} +a@v1 +b@v1 +c@v1`]);
    world.set({ [type]: { ...three, b: "v2" } });
    assert.deepEqual(await stream.settles(), [`${type} +b@v2`]);
    world.set({ [type]: { a: "v1", b: "v2" } });
    assert.deepEqual(await stream.settles(), []);
    world.set({ [type]: { a: "v1", b: "v3", c: "v1" } });
    const again = await stream.settles();
    assert.deepEqual(again, [`${type} +b@v3 +c@v1`], "what was gone and is back is sent again");
  });
}
