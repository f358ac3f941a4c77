import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, converse, nack, world } from "./converse.ts";

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

test("a client that comes back with the version it has is sent nothing", () => {
  const words = { endpoints: { a: "v1", b: "v1", c: "v1" } };
  const before = conversation("sotw");
  before.say(world(words));
  before.say(ask("endpoints", ["a", "b"]));
  const version = before.version("endpoints");
  assert.deepEqual(converse("sotw", [world(words), ask("endpoints", ["a", "b"], { version })]), []);
  const changed = { endpoints: { a: "v1", b: "v2", c: "v1" } };
  assert.deepEqual(converse("sotw", [world(changed), ask("endpoints", ["a", "b"], { version })]), [
    "endpoints +a@v1 +b@v2",
  ]);
});

test("a client that comes back before there is a snapshot is sent nothing it has either", () => {
  const words = { endpoints: { a: "v1" } };
  const before = conversation("sotw");
  before.say(world(words));
  before.say(ask("endpoints", ["a"]));
  assert.deepEqual(
    converse("sotw", [ask("endpoints", ["a"], { version: before.version("endpoints") }), world(words)]),
    [],
  );
});

test("a request with a stale nonce is ignored", () => {
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
