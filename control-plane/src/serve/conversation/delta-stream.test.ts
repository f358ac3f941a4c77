import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, converse, nack, type Said, world } from "./converse.ts";

test("a wildcard subscriber is sent all clusters and then only what changed", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1", b: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    world({ cluster: { a: "v1", b: "v2" } }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1 +b@v1", "cluster +b@v2"]);
});

test("nothing is sent before there is a snapshot, and everything asked for once there is", () => {
  const sent = converse("delta", [
    ask("cluster"),
    ask("endpoints", ["a"]),
    world({ cluster: { a: "v1" }, endpoints: { a: "v1", b: "v1" } }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1", "endpoints +a@v1"]);
});

test("a wildcard that is asked for again is answered again", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1", b: "v1" } }),
    ask("cluster", ["*"]),
    ack("cluster"),
    ask("cluster", ["*"]),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1 +b@v1", "cluster +a@v1 +b@v1"]);
});

test("a wildcard subscriber of an empty world is answered", () => {
  assert.deepEqual(converse("delta", [world({}), ask("cluster")]), ["cluster"]);
});

test("one response of a type is in flight: what happens meanwhile goes out in one, newest first", () => {
  const sent = converse("delta", [
    world({ endpoints: { a: "v1" } }),
    ask("endpoints", ["a"]),
    world({ endpoints: { a: "v2" } }),
    world({ endpoints: { a: "v3" } }),
    ack("endpoints"),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1", "endpoints +a@v3"]);
});

test("what changed and changed back while a response was in flight is not sent again", () => {
  const sent = converse("delta", [
    world({ endpoints: { a: "v1" } }),
    ask("endpoints", ["a"]),
    world({ endpoints: { a: "v2" } }),
    world({ endpoints: { a: "v1" } }),
    ack("endpoints"),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1"]);
});

test("a client that comes back with what is still current is sent nothing but an empty answer to its wildcard", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1" }, endpoints: { a: "v1" } }),
    ask("cluster", [], { has: { a: "v1" } }),
    ask("endpoints", ["a"], { has: { a: "v1" } }),
  ]);
  assert.deepEqual(sent, ["cluster"]);
});

test("a client that comes back with something old, and something gone, is told of both", () => {
  const sent = converse("delta", [world({ cluster: { a: "v2" } }), ask("cluster", [], { has: { a: "v1", b: "v1" } })]);
  assert.deepEqual(sent, ["cluster +a@v2 -b"]);
});

test("a client that asks again for endpoints it has is answered again", () => {
  const sent = converse("delta", [
    world({ endpoints: { a: "v1" } }),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    ask("endpoints", ["a"]),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1", "endpoints +a@v1"]);
});

test("a name that does not exist is answered as removed with an error, and sent when it appears", () => {
  const sent = converse("delta", [
    world({}),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    world({ endpoints: { a: "v1" } }),
  ]);
  assert.deepEqual(sent, ["endpoints -a !a", "endpoints +a@v1"]);
});

test("what a client unsubscribed from is no longer sent", () => {
  const sent = converse("delta", [
    world({ endpoints: { a: "v1", b: "v1" } }),
    ask("endpoints", ["a", "b"]),
    ack("endpoints"),
    ask("endpoints", [], { drop: ["a"] }),
    world({ endpoints: { a: "v2", b: "v2" } }),
  ]);
  assert.deepEqual(sent, ["endpoints +a@v1 +b@v1", "endpoints +b@v2"]);
});

test("a name unsubscribed from under a wildcard is sent again, for the client has dropped it", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1" } }),
    ask("cluster", ["*", "a"]),
    ack("cluster"),
    ask("cluster", [], { drop: ["a"] }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1", "cluster +a@v1"]);
});

test("a changed cluster takes its endpoints along", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1" }, endpoints: { a: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("endpoints", ["a"]),
    ack("endpoints"),
    world({ cluster: { a: "v2" }, endpoints: { a: "v1" } }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1", "endpoints +a@v1", "cluster +a@v2", "endpoints +a@v1"]);
});

test("routes wait until the clusters that came with them were answered", () => {
  const { say } = conversation("delta");
  const all = [
    world({ cluster: { a: "v1" }, routes: { r: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("routes", ["r"]),
    ack("routes"),
  ];
  for (const said of all) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v2" } })), ["cluster +b@v1"]);
  assert.deepEqual(say(ack("cluster")), ["routes +r@v2"]);
});

test("a cluster is taken away only when the routes that named it were answered", () => {
  const { say } = conversation("delta");
  const all = [
    world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v1" } }),
    ask("cluster"),
    ack("cluster"),
    ask("routes", ["r"]),
    ack("routes"),
  ];
  for (const said of all) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v1" }, routes: { r: "v2" } })), ["routes +r@v2"]);
  assert.deepEqual(say(ack("routes")), ["cluster -b"]);
});

test("a rejected version is not sent again, its next version is, and the client's words are on show", () => {
  const { say, stream } = conversation("delta");
  say(world({ listener: { a: "v1" } }));
  assert.deepEqual(say(ask("listener")), ["listener +a@v1"]);
  assert.deepEqual(say(nack("listener", "cannot bind")), []);
  assert.equal(stream.status().listener.status, "ERROR");
  assert.equal(stream.status().listener.reason, "cannot bind");
  assert.deepEqual(say(world({ listener: { a: "v1" }, cluster: { c: "v1" } })), []);
  assert.deepEqual(say(world({ listener: { a: "v2" } })), ["listener +a@v2"]);
  say(ack("listener"));
  assert.equal(stream.status().listener.status, "SYNCED");
});

test("a stale nonce answers nothing, but the subscription in it counts", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a"]));
  assert.deepEqual(say(ask("endpoints", ["b"], { nonce: "99" })), [], "the first response is still in flight");
  assert.deepEqual(say(ack("endpoints")), ["endpoints +b@v1"]);
});

test("a name that goes before it could be answered is answered as missing", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a"]));
  say(ask("endpoints", ["b"]));
  say(world({ endpoints: { a: "v1" } }));
  assert.deepEqual(say(ack("endpoints")), ["endpoints -b !b"]);
});

test("what went along with its cluster and is then removed is taken away", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1" }, endpoints: { a: "v1", b: "v1" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("endpoints", ["a"]), ack("endpoints")]) say(said);
  assert.deepEqual(say(ask("endpoints", ["b"])), ["endpoints +b@v1"]);
  assert.deepEqual(say(world({ cluster: { a: "v2" }, endpoints: { a: "v1", b: "v1" } })), ["cluster +a@v2"]);
  say(ack("cluster"));
  say(world({ cluster: { a: "v2" }, endpoints: { b: "v1" } }));
  assert.deepEqual(say(ack("endpoints")), ["endpoints -a !a"]);
});

test("a cluster that changed while the client was away takes along endpoints that the client says it has", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v2" }, endpoints: { a: "v1" } }),
    ask("cluster", [], { has: { a: "v1" } }),
    ask("endpoints", ["a"], { has: { a: "v1" } }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v2", "endpoints +a@v1"]);
});

test("the first snapshot is told once, also to a client that was there before it", () => {
  const sent = converse("delta", [
    ask("cluster"),
    ask("endpoints", ["a"]),
    world({ cluster: { a: "v1" }, endpoints: { a: "v1" } }),
    ack("cluster"),
    ack("endpoints"),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1", "endpoints +a@v1"]);
});

test("a name that the wildcard does not give is answered as removed when it is no longer asked for", () => {
  const sent = converse("delta", [
    world({ cluster: { a: "v1" } }),
    ask("cluster", ["*", "b"]),
    ack("cluster"),
    ask("cluster", [], { drop: ["b"] }),
  ]);
  assert.deepEqual(sent, ["cluster +a@v1 -b !b", "cluster -b"]);
});

test("the version is that of what the client has, however it came by it", () => {
  const version = (said: readonly Said[]) => {
    const client = conversation("delta");
    for (const one of said) client.say(one);
    return client.version("cluster");
  };
  const words = world({ cluster: { a: "v1", b: "v1" } });
  const atOnce = version([words, ask("cluster", ["*"])]);
  assert.equal(version([words, ask("cluster", ["a"]), ack("cluster"), ask("cluster", ["b"])]), atOnce);
  assert.equal(version([words, ask("cluster", ["*", "a"], { has: { a: "v1", b: "v0" } })]), atOnce);
});

test("a cluster stays as long as the client has routes that name it, because it rejects the new ones", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v1>a,b" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("routes", ["r"]), ack("routes")]) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v1" }, routes: { r: "v2>a" } })), ["routes +r@v2>a"]);
  assert.deepEqual(say(nack("routes", "r: bad")), []);
  assert.deepEqual(say(world({ cluster: { a: "v1" }, routes: { r: "v3>a" } })), ["routes +r@v3>a"]);
  assert.deepEqual(say(ack("routes")), ["cluster -b"]);
});

test("routes wait while the client rejects the cluster that they lead to, and keeps the old ones", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1" }, routes: { r: "v1>a" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("routes", ["r"]), ack("routes")]) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v2>b" } })), ["cluster +b@v1"]);
  assert.deepEqual(say(nack("cluster", "b: bad")), []);
  assert.deepEqual(say(world({ cluster: { a: "v1", b: "v2" }, routes: { r: "v2>b" } })), ["cluster +b@v2"]);
  assert.deepEqual(say(ack("cluster")), ["routes +r@v2>b"]);
});

test("what is unsubscribed from under a wildcard while it is about to go, and comes back, is sent again", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1" }, routes: { r: "v1>a" } }));
  for (const said of [ask("cluster", ["*", "a"]), ack("cluster"), ask("routes", ["r"]), ack("routes")]) say(said);
  assert.deepEqual(say(world({})), ["routes -r"]);
  assert.deepEqual(say(ask("cluster", [], { drop: ["a"] })), []);
  assert.deepEqual(say(world({ cluster: { a: "v1" } })), ["cluster +a@v1"]);
});
