import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlainNode } from "./plain-client.ts";
import type { PlainType } from "./plain-types.ts";
import { type ServedWorld, startServedWorld, type Words } from "./served-world.ts";

const types = ["cluster", "endpoints", "listener", "routes"] as const;
type Wants = Partial<Record<PlainType, readonly string[]>>;

const words = {
  cluster: { a: "v1", b: "v1" },
  endpoints: { a: "v1", b: "v1" },
  listener: { l: "v1>r" },
  routes: { r: "v1>a,b" },
};
const envoy: Wants = { cluster: [], endpoints: ["a", "b"], listener: [], routes: ["r"] };
const grpc: Wants = { listener: ["l"], routes: ["r"], cluster: ["a", "b"], endpoints: ["a", "b"] };
const grpcNode = { userAgentName: "gRPC Go" };

/** The version of each type that a client has which took all of this. */
async function versionsOf(words: Words, wants: Wants, node: PlainNode = {}) {
  await using world = await startServedWorld();
  world.set(words);
  using stream = world.open("sotw", { node });
  for (const type of types) if (wants[type]) stream.want(type, wants[type]);
  await stream.settles();
  return Object.fromEntries(types.flatMap((type) => (wants[type] ? [[type, stream.last(type).version]] : [])));
}

/** A client comes back to a server that never saw it, and says what it has. */
function comeBack(world: ServedWorld, wants: Wants, versions: Readonly<Record<string, string>>, node: PlainNode = {}) {
  const stream = world.open("sotw", { node });
  for (const type of types) if (wants[type]) stream.want(type, wants[type], { version: versions[type] ?? "" });
  return stream;
}

test("sotw: whoever comes back with the versions of all that there is is sent nothing", async () => {
  const versions = await versionsOf(words, envoy);
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, envoy, versions);
  assert.deepEqual(await stream.hears(), []);
  world.set({ ...words, endpoints: { a: "v2", b: "v1" } });
  assert.deepEqual(await stream.hears(), ["endpoints +a@v2"], "and then only what changes");
});

test("sotw: whoever is back before the server has a world is sent nothing once it has, if it is the same", async () => {
  const versions = await versionsOf(words, envoy);
  await using world = await startServedWorld();
  using stream = comeBack(world, envoy, versions);
  world.set(words);
  assert.deepEqual(await stream.hears(), []);
});

test("sotw: whoever comes back with an old version of a type is sent that type, and not the others", async () => {
  const versions = await versionsOf(words, envoy);
  await using world = await startServedWorld();
  world.set({ ...words, endpoints: { a: "v1", b: "v2" } });
  using stream = comeBack(world, envoy, versions);
  assert.deepEqual(await stream.settles(), ["endpoints +a@v1 +b@v2"]);
});

test("sotw: a cluster that went while a client was away is left out of the list that it is sent", async () => {
  const versions = await versionsOf(words, { cluster: [] });
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" } });
  using stream = comeBack(world, { cluster: [] }, versions);
  assert.deepEqual(await stream.settles(), ["cluster +a@v1"]);
});

test("sotw: a version that nobody gave out is that of somebody who has nothing", async () => {
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, { cluster: [], endpoints: ["a"] }, { cluster: "42", endpoints: "43" });
  assert.deepEqual(await stream.settles(), ["cluster +a@v1 +b@v1", "endpoints +a@v1"]);
});

test("sotw: the version of other names is not that of these", async () => {
  const versions = await versionsOf(words, { endpoints: ["a"] });
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, { endpoints: ["a", "b"] }, versions);
  assert.deepEqual(await stream.settles(), ["endpoints +a@v1 +b@v1"]);
});

// docs/decisions/0010
test("sotw: a gRPC client that asks for all that it would need is believed, for good", async () => {
  const versions = await versionsOf(words, grpc, grpcNode);
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, grpc, versions, grpcNode);
  assert.deepEqual(await stream.hears(), []);
  await world.pass(3_000);
  assert.deepEqual(await stream.hears(), []);
});

test("sotw: a gRPC client that states a listener but asks for no routes is sent the listener after two seconds", async () => {
  const versions = await versionsOf(words, grpc, grpcNode);
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, { listener: ["l"] }, versions, grpcNode);
  assert.deepEqual(await stream.hears(), []);
  await world.pass(1_900);
  assert.deepEqual(await stream.hears(), []);
  await world.pass(200);
  assert.deepEqual(await stream.settles(), ["listener +l@v1>r"]);
  stream.want("routes", ["r"], { version: versions["routes"] ?? "" });
  assert.deepEqual(
    await stream.settles(),
    ["routes +r@v1>a,b"],
    "and what it asks for only then it has not, whatever it states",
  );
});

test("sotw: an Envoy is believed whatever it asks for", async () => {
  const listener = { listener: ["l"] };
  const versions = await versionsOf(words, listener);
  await using world = await startServedWorld();
  world.set(words);
  using stream = comeBack(world, listener, versions);
  assert.deepEqual(await stream.hears(), []);
  await world.pass(3_000);
  assert.deepEqual(await stream.hears(), []);
});
