import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlainStream, variants } from "./plain-client.ts";
import { startServedWorld, type Words } from "./served-world.ts";

const before: Words = {
  cluster: { a: "v1" },
  endpoints: { a: "v1" },
  listener: { l: "v1>r" },
  routes: { r: "v1>a" },
};
const both: Words = { ...before, cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } };
const after: Words = { ...before, cluster: { b: "v1" }, endpoints: { b: "v1" }, routes: { r: "v2>b" } };

function wantAll(stream: PlainStream): void {
  stream.want("routes", ["r"]);
  stream.want("listener");
  stream.want("endpoints", ["a", "b"]);
  stream.want("cluster");
}

for (const variant of variants) {
  const added = { sotw: "cluster +a@v1 +b@v1", delta: "cluster +b@v1" }[variant];
  const removed = { sotw: "cluster +b@v1", delta: "cluster -a" }[variant];

  test(`${variant}: listeners and routes are sent when the clusters were answered`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(before);
    stream.want("cluster");
    stream.want("endpoints", ["a"]);
    stream.want("listener");
    stream.want("routes", ["r"]);
    assert.deepEqual(await stream.hears(), ["cluster +a@v1", "endpoints +a@v1"]);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), []);
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), ["listener +l@v1>r", "routes +r@v1>a"]);
  });

  test(`${variant}: routes are not sent before the clusters that they name were ACKed`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(before);
    wantAll(stream);
    await stream.settles();
    world.set({ ...both, routes: { r: "v2>a,b" } });
    assert.deepEqual(await stream.hears(), [added, "endpoints +b@v1"]);
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), []);
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), ["routes +r@v2>a,b"]);
  });

  test(`${variant}: routes do not lead to a cluster that the client rejects; they do when it has it`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(before);
    wantAll(stream);
    await stream.settles();
    world.set({ ...both, routes: { r: "v2>b" } });
    await stream.hears();
    stream.ack("endpoints");
    stream.nack("cluster", "b: no such filter");
    assert.deepEqual(
      (await stream.settles()).filter((text) => text.startsWith("routes")),
      [],
    );
    world.set({ ...both, cluster: { a: "v1", b: "v2" }, routes: { r: "v2>b" } });
    const texts = await stream.settles();
    assert.deepEqual(texts.at(-1), "routes +r@v2>b", texts.join());
  });

  test(`${variant}: a cluster goes when the routes that did without it were ACKed`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(before);
    wantAll(stream);
    await stream.settles();
    world.set(after);
    const made = variant === "sotw" ? "cluster +b@v1 +a@v1" : added;
    assert.deepEqual(await stream.hears(), [made, "endpoints +b@v1"]);
    stream.ack("cluster");
    stream.ack("endpoints");
    assert.deepEqual(await stream.hears(), ["routes +r@v2>b"]);
    assert.deepEqual(await stream.hears(), [], "the cluster stays while the routes are not ACKed");
    stream.ack("routes");
    assert.deepEqual(await stream.hears(), [removed]);
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), variant === "sotw" ? [] : ["endpoints -a"]);
  });

  test(`${variant}: a cluster stays while the routes that do without it are rejected`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(both);
    wantAll(stream);
    await stream.settles();
    world.set(after);
    assert.deepEqual(await stream.hears(), ["routes +r@v2>b"]);
    stream.nack("routes", "r: no such thing");
    assert.deepEqual(await stream.hears(), []);
    await world.pass(1_000);
    assert.deepEqual(await stream.hears(), ["routes +r@v2>b"]);
    stream.ack("routes");
    assert.deepEqual(await stream.hears(), [removed]);
  });

  test(`${variant}: listeners wait for a changed cluster to be answered`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(before);
    wantAll(stream);
    await stream.settles();
    world.set({ ...before, cluster: { a: "v2" }, listener: { l: "v2>r" } });
    assert.deepEqual(await stream.hears(), ["cluster +a@v2", "endpoints +a@v1"]);
    stream.ack("endpoints");
    stream.ack("cluster");
    assert.deepEqual(await stream.hears(), ["listener +l@v2>r"]);
  });

  test(`${variant}: a client that asks for clusters only loses them at once`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set(both);
    stream.want("cluster");
    await stream.settles();
    world.set(after);
    assert.deepEqual(await stream.hears(), [removed]);
  });
}

test("delta: when all of it goes, listeners go first, then routes, clusters and endpoints", async () => {
  await using world = await startServedWorld();
  using stream = world.open("delta");
  world.set(before);
  wantAll(stream);
  await stream.settles();
  world.set({});
  const texts = await stream.settles();
  assert.deepEqual(texts, ["listener -l", "routes -r", "cluster -a", "endpoints -a"]);
});

test("delta: routes go when the listener that did without them was ACKed", async () => {
  await using world = await startServedWorld();
  using stream = world.open("delta");
  world.set(before);
  stream.want("cluster");
  stream.want("listener");
  stream.want("routes", ["r", "s"]);
  await stream.settles();
  world.set({ ...before, listener: { l: "v2>s" }, routes: { s: "v1>a" } });
  assert.deepEqual(await stream.hears(), ["listener +l@v2>s", "routes +s@v1>a"]);
  stream.ack("routes");
  assert.deepEqual(await stream.hears(), []);
  stream.ack("listener");
  assert.deepEqual(await stream.hears(), ["routes -r"]);
});

for (const variant of variants)
  test(`${variant}: secrets come before what may refer to them`, async () => {
    await using world = await startServedWorld();
    using stream = world.open(variant);
    world.set({ ...before, secret: { certificate: "v1" } });
    wantAll(stream);
    stream.want("secret", ["certificate"]);
    await stream.settles();
    world.set({ ...before, cluster: { a: "v2" }, secret: { certificate: "v2" } });
    assert.deepEqual(await stream.settles(), ["secret +certificate@v2", "cluster +a@v2", "endpoints +a@v1"]);
  });

test("delta: a secret goes when the cluster that may have referred to it was ACKed without", async () => {
  await using world = await startServedWorld();
  using stream = world.open("delta");
  world.set({ cluster: { a: "v1" }, secret: { certificate: "v1" } });
  stream.want("cluster");
  stream.want("secret", ["certificate"]);
  await stream.settles();
  world.set({ cluster: { a: "v2" } });
  assert.deepEqual(await stream.hears(), ["cluster +a@v2"]);
  stream.ack("cluster");
  assert.deepEqual(await stream.hears(), ["secret -certificate"]);
});
