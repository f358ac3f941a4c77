import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { type PlainType, plainTypes } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

// https://github.com/cncf/xds/blob/main/proposals/TP3-xds-error-propagation.md; google.rpc.Code
const [invalidArgument, notFound] = [3, 5];
const types = Object.keys(plainTypes).filter((type) => type !== "runtime") as readonly PlainType[];

for (const variant of variants) {
  test(`${variant}: a name that does not exist is answered at once with an error that says so, for each type`, async () => {
    await using world = await startServedWorld();
    world.set(Object.fromEntries(types.map((type) => [type, { here: "v1" }])));
    for (const type of types) {
      using stream = world.open(variant);
      stream.want(type, ["here", "nope"]);
      const heard = await stream.settles();
      assert.deepEqual(heard, [variant === "sotw" ? `${type} +here@v1 !nope` : `${type} +here@v1 -nope !nope`]);
      const word = plainTypes[type].schema.name;
      assert.deepEqual(stream.last(type).errors, [
        { name: "nope", code: notFound, message: `there is no ${word} "nope" for this client` },
      ]);
    }
  });

  test(`${variant}: whoever was told that there is none is not told again, and is sent it when it comes`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b"]);
    await stream.settles();
    world.set({ endpoints: { a: "v2" } });
    assert.deepEqual(await stream.settles(), ["endpoints +a@v2"]);
    world.set({ endpoints: { a: "v2", b: "v1" } });
    assert.deepEqual(await stream.settles(), ["endpoints +b@v1"]);
    assert.deepEqual(stream.last("endpoints").errors, []);
  });

  test(`${variant}: whoever asks again for what does not exist is told again`, async () => {
    await using world = await startServedWorld();
    world.set({});
    using stream = world.open(variant);
    stream.want("routes", ["r"]);
    const told = [variant === "sotw" ? "routes !r" : "routes -r !r"];
    assert.deepEqual(await stream.settles(), told);
    stream.again("routes");
    assert.deepEqual(await stream.settles(), told);
  });

  test(`${variant}: a name of the right form for another authority is refused by name, and the others are served`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    const type = "envoy.config.endpoint.v3.ClusterLoadAssignment";
    const names = [
      `xdstp://other.example/${type}/a`,
      `xdstp:///${type}/a?dc=a`,
      `xdstp://other.example/${type}/group/*`,
      `xdstp://other.example/${type}/report%3A8080`,
    ];
    stream.want("endpoints", ["a", ...names]);
    await stream.settles();
    const { resources, errors } = stream.last("endpoints");
    assert.deepEqual(
      resources.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      errors.map(({ name, code }) => [name, code]),
      names.map((name) => [name, notFound]),
    );
    assert.match(errors[0]?.message ?? "", /no resources of the authority "other\.example" are served here/);
  });

  test(`${variant}: an xdstp name of the wrong form is refused with what is wrong with it`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    const type = "envoy.config.endpoint.v3.ClusterLoadAssignment";
    const names = [
      "xdstp:",
      "xdstp://",
      `xdstp://other.example/${type}`,
      `xdstp://other.example/${type}/`,
      `xdstp://user@other.example/${type}/a`,
      `xdstp://other.example/${type}/../a`,
      `xdstp://other.example/${type}/a b`,
      `xdstp://other.example/${type}/a%2`,
      `xdstp://other.example/${type}/a#alt=b`,
      "xdstp://other.example/envoy.config.cluster.v3.Cluster/a",
    ];
    stream.want("endpoints", [...names, "a"]);
    await stream.settles();
    const { resources, errors } = stream.last("endpoints");
    assert.equal(resources.length, 1);
    assert.deepEqual(
      errors.map(({ name, code }) => [name, code]),
      names.map((name) => [name, invalidArgument]),
    );
    assert.match(errors.at(-1)?.message ?? "", /names the type envoy\.config\.cluster\.v3\.Cluster in a request for/);
  });

  test(`${variant}: a resource that is called by such a name is served under it`, async () => {
    await using world = await startServedWorld();
    const name = "xdstp://here.example/envoy.config.endpoint.v3.ClusterLoadAssignment/a?dc=a";
    world.set({ endpoints: { [name]: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", [name]);
    assert.deepEqual(await stream.settles(), [`endpoints +${name}@v1`]);
  });

  test(`${variant}: a name that is longer than any is refused without being looked at`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1" } });
    using stream = world.open(variant);
    const name = "x".repeat(2_001);
    stream.want("endpoints", [name, "a"]);
    await stream.settles();
    const { resources, errors } = stream.last("endpoints");
    assert.equal(resources.length, 1);
    const message = "the name has 2001 characters; at most 2000 are looked at";
    assert.deepEqual(errors, [{ name, code: invalidArgument, message }]);
  });

  test(`${variant}: of very many names that do not exist the first hundred are explained, and the rest is served`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { z: "v1" } });
    using stream = world.open(variant);
    const names = Array.from({ length: 1_000 }, (_, index) => `nope-${index}`);
    stream.want("endpoints", [...names, "z"]);
    await stream.settles();
    const { resources, errors, removed } = stream.last("endpoints");
    assert.deepEqual([resources.length, errors.length], [1, 100]);
    assert.equal(removed.length, variant === "delta" ? 1_000 : 0);
  });
}
