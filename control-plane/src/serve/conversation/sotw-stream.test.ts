import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, converse, nack, wait, world } from "./converse.ts";

test("clusters are always sent whole, endpoints only as far as they changed", () => {
  const sent = converse("sotw", [
    world({ cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("endpoints", ["a", "b"]),
    ack("endpoints"),
    world({ cluster: { a: "v1", b: "v2" }, endpoints: { a: "v2", b: "v1" } }),
  ]);
  assert.deepEqual(sent, [
    "cluster +a@v1 +b@v1",
    "endpoints +a@v1 +b@v1",
    "cluster +a@v1 +b@v2",
    "endpoints +a@v2 +b@v1",
  ]);
});

test("one changed weight sends one assignment", () => {
  const sent = converse("sotw", [
    world({ cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("endpoints", ["a", "b"]),
    ack("endpoints"),
    world({ cluster: { a: "v1", b: "v1" }, endpoints: { a: "v2", b: "v1" } }),
  ]);
  assert.deepEqual(sent.slice(2), ["endpoints +a@v2"]);
});

test("a proxyless client that asks for one listener of three gets it", () => {
  const sent = converse("sotw", [world({ listener: { a: "v1", b: "v1", c: "v1" } }), ask("listener", ["b"])], {
    emptyMeansAll: false,
  });
  assert.deepEqual(sent, ["listener +b@v1"]);
});

test("a listener that does not exist is answered at once with an empty list and an error", () => {
  assert.deepEqual(converse("sotw", [world({ listener: { a: "v1" } }), ask("listener", ["nope"])]), ["listener !nope"]);
});

test("a removed cluster is left out of the next list, when the routes that named it were answered", () => {
  const { say } = conversation("sotw");
  const all = [
    world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("routes", ["r"]),
    ack("routes"),
  ];
  for (const said of all) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v1" }, routes: { r: "v2" } })), ["routes +r@v2"]);
  assert.deepEqual(say(ack("routes")), ["cluster +a@v1"]);
});

test("a client that never answers, and asks for other names that do not exist each time, is not remembered by them", () => {
  const { say, stream } = conversation("sotw");
  say(world({ endpoints: { a: "v1" } }));
  for (let times = 0; times < 50; times += 1) say(ask("endpoints", ["a", `${times}`], { nonce: "" }));
  assert.equal(stream.names(), 2);
  assert.deepEqual([...stream.resources()].map(({ name }) => name).toSorted(), ["49", "a"]);
});

test("one resource is looked up as it stands among all: wanted by name, by the wildcard, and not wanted at all", () => {
  const { say, stream } = conversation("sotw");
  const all = [
    world({ cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } }),
    ask("cluster"),
    ack("cluster"),
  ];
  for (const said of [...all, ask("endpoints", ["a", "c"])]) say(said);
  const found = (["cluster", "endpoints", "routes"] as const).flatMap((type) =>
    ["a", "b", "c"].flatMap((name) => stream.resource(type, name) ?? []),
  );
  assert.deepEqual(
    found.map(({ type, name, status }) => `${type} ${name} ${status}`),
    ["cluster a ACKED", "cluster b ACKED", "endpoints a REQUESTED", "endpoints c DOES_NOT_EXIST"],
  );
  assert.deepEqual(found, [...stream.resources()]);
});

// As gRPC does it: routes by the name that the listener says, clusters by the names that the routes say, and dropped late.
const renamed = [
  world({ cluster: { a: "v1" }, routes: { r: "v1>a" } }),
  ask("routes", ["r"]),
  ack("routes"),
  ask("cluster", ["a"]),
  ack("cluster"),
  world({ cluster: { b: "v1" }, routes: { r: "v2>b" } }),
  ack("routes"),
];

test("a proxyless client is left a cluster that it still asks for when its routes lead elsewhere, until it drops it", () => {
  const { say } = conversation("sotw", { emptyMeansAll: false });
  const sent = [...renamed, ask("cluster", ["a", "b"], { nonce: "" }), ack("cluster"), wait(14_000)].flatMap(say);
  assert.deepEqual(sent, ["routes +r@v1>a", "cluster +a@v1", "routes +r@v2>b", "cluster +b@v1 +a@v1"]);
  assert.deepEqual([ack("cluster", ["b"]), wait(60_000)].flatMap(say), []);
});

test("it is not left to a client that never drops it, nor to one whose routes still lead there", () => {
  const { say } = conversation("sotw", { emptyMeansAll: false });
  for (const said of [...renamed, ask("cluster", ["a", "b"], { nonce: "" }), ack("cluster")]) say(said);
  assert.deepEqual([wait(14_999), wait(1)].map(say), [[], ["cluster +b@v1"]]);

  const other = conversation("sotw", { emptyMeansAll: false });
  for (const said of renamed.slice(0, 5)) other.say(said);
  assert.deepEqual(other.say(world({ routes: { r: "v1>a" } })), ["cluster"]);
});

test("removed endpoints are not sent as anything: the cluster goes, and an empty response would say nothing", () => {
  const sent = converse("sotw", [
    world({ endpoints: { a: "v1" } }),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    world({}),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1"]);
});

test("a name added to the list is answered alone", () => {
  const sent = converse("sotw", [
    world({ endpoints: { a: "v1", b: "v1" } }),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    ask("endpoints", ["a", "b"]),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1", "endpoints +b@v1"]);
});

test("a client that asks again for endpoints it has is answered again", () => {
  const sent = converse("sotw", [
    world({ endpoints: { a: "v1" } }),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    ask("endpoints", ["a"]),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1", "endpoints +a@v1"]);
});

test("a client that comes back with all clusters is sent nothing, and everything once one has changed", () => {
  const words = { cluster: { a: "v1", b: "v1" } };
  const before = conversation("sotw");
  before.say(world(words));
  before.say(ask("cluster"));
  const version = before.version("cluster");
  assert.deepEqual(converse("sotw", [world(words), ask("cluster", [], { version })]), []);
  assert.deepEqual(converse("sotw", [ask("cluster", [], { version }), world(words)]), [], "also before the snapshot");
  assert.deepEqual(converse("sotw", [world({ cluster: { a: "v1", b: "v2" } }), ask("cluster", [], { version })]), [
    "cluster +a@v1 +b@v2",
  ]);
});

test("a client that comes back with the version of its names is sent nothing, and all of them once one has changed", () => {
  const words = { endpoints: { a: "v1", b: "v1", c: "v1" } };
  const before = conversation("sotw");
  before.say(world(words));
  before.say(ask("endpoints", ["a", "b"]));
  const version = before.version("endpoints");
  assert.deepEqual(converse("sotw", [world(words), ask("endpoints", ["a", "b"], { version })]), []);
  assert.deepEqual(converse("sotw", [ask("endpoints", ["a", "b"], { version }), world(words)]), []);
  const changed = { endpoints: { a: "v1", b: "v2", c: "v1" } };
  assert.deepEqual(converse("sotw", [world(changed), ask("endpoints", ["a", "b"], { version })]), [
    "endpoints +a@v1 +b@v2",
  ]);
});

const served = { cluster: { c: "v1" }, endpoints: { c: "v1" }, listener: { l: "v1>r" }, routes: { r: "v1>c" } };
const proxyless = { emptyMeansAll: false };

/** The versions that a gRPC client has which has all of `served`. */
function versionsOfServed() {
  const { say, version } = conversation("sotw", proxyless);
  say(world(served));
  for (const [type, name] of [
    ["listener", "l"],
    ["routes", "r"],
    ["cluster", "c"],
    ["endpoints", "c"],
  ] as const) {
    say(ask(type, [name]));
    say(ack(type));
  }
  return version;
}

test("a gRPC client that comes back with all that it had is sent nothing, however much time passes", () => {
  const version = versionsOfServed();
  const back = [
    ask("listener", ["l"], { version: version("listener") }),
    ask("routes", ["r"], { version: version("routes") }),
    ask("cluster", ["c"], { version: version("cluster") }),
    ask("endpoints", ["c"], { version: version("endpoints") }),
  ];
  assert.deepEqual(converse("sotw", [world(served), ...back, wait(10_000), wait(10_000)], proxyless), []);
});

test("a gRPC client that let go of all, took it up again while it was away and states the versions of before is sent all", () => {
  const version = versionsOfServed();
  const { say } = conversation("sotw", proxyless);
  say(world(served));
  assert.deepEqual(say(ask("listener", ["l"], { version: version("listener") })), []);
  assert.deepEqual(say(wait(2_000)), ["listener +l@v1>r"]);
  say(ack("listener"));
  assert.deepEqual(say(ask("routes", ["r"], { version: version("routes") })), ["routes +r@v1>c"]);
  say(ack("routes"));
  assert.deepEqual(say(ask("cluster", ["c"], { version: version("cluster") })), ["cluster +c@v1"]);
  say(ack("cluster"));
  assert.deepEqual(say(ask("endpoints", ["c"], { version: version("endpoints") })), ["endpoints +c@v1"]);
});

test("a name that was let go of and taken up again while a response was on its way is sent anew", () => {
  const { say } = conversation("sotw");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a"]));
  say(ack("endpoints"));
  assert.deepEqual(say(ask("endpoints", ["a", "b"])), ["endpoints +b@v1"]);
  say(ask("endpoints", ["b"], { nonce: "1" }));
  say(ask("endpoints", ["a", "b"], { nonce: "1" }));
  assert.deepEqual(say(ack("endpoints")), ["endpoints +a@v1"]);
});

test("an explicit wildcard is left by an empty list", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1" } }));
  say(ask("cluster", ["*"]));
  say(ack("cluster"));
  assert.deepEqual(say(ask("cluster", [])), []);
  assert.deepEqual(say(world({ cluster: { a: "v2" } })), []);
});

// As Envoy asks for them, and understands the answer: what is left out is deleted.
test("scoped routes are had by an empty list, and always whole", () => {
  const sent = converse("sotw", [
    world({ scopedRoutes: { a: "v1", b: "v1" } }),
    ask("scopedRoutes"),
    ack("scopedRoutes"),
    world({ scopedRoutes: { a: "v1", b: "v2" } }),
  ]);
  assert.deepEqual(sent, ["scopedRoutes +a@v1 +b@v1", "scopedRoutes +a@v1 +b@v2"]);
});

test("a NACK that is repeated asks for nothing", () => {
  const { say } = conversation("sotw");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a", "b"]));
  say(ack("endpoints"));
  say(world({ endpoints: { a: "v2", b: "v1" } }));
  assert.deepEqual(say(nack("endpoints", "a: bad")), []);
  assert.deepEqual(say(nack("endpoints", "a: bad")), []);
});

test("names that are asked for without a nonce are sent, and nothing that was there before", () => {
  const { say } = conversation("sotw");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a"]));
  say(ack("endpoints"));
  assert.deepEqual(say(ask("endpoints", ["a"], { nonce: "" })), []);
  assert.deepEqual(say(ask("endpoints", ["a", "b"], { nonce: "" })), ["endpoints +b@v1"]);
});

test("a request with a stale nonce answers nothing", () => {
  const sent = converse("sotw", [
    world({ endpoints: { a: "v1", b: "v1" } }),
    ask("endpoints", ["a"]),
    ask("endpoints", ["a", "b"], { nonce: "99" }),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1"]);
});

test("a rejected list of clusters is not sent again until it changes", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1" } }));
  assert.deepEqual(say(ask("cluster")), ["cluster +a@v1"]);
  assert.deepEqual(say(nack("cluster")), []);
  assert.deepEqual(say(world({ cluster: { a: "v1" }, listener: { l: "v1" } })), []);
  assert.deepEqual(say(world({ cluster: { a: "v2" } })), ["cluster +a@v2"]);
});

test("once a client named clusters, an empty list means none", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1", b: "v1" } }));
  assert.deepEqual(say(ask("cluster", ["a"])), ["cluster +a@v1"]);
  say(ack("cluster"));
  assert.deepEqual(say(ask("cluster", [])), []);
  assert.deepEqual(say(world({ cluster: { a: "v2", b: "v2" } })), []);
});

test("endpoints that do not exist are answered with an error at once", () => {
  assert.deepEqual(converse("sotw", [world({}), ask("endpoints", ["nope"])]), ["endpoints !nope"]);
});
