import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, nack, wait, world } from "./converse.ts";

test("what has a time to live is confirmed twice in each, without its content", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1/30s", b: "v1" } }));
  assert.deepEqual(say(ask("endpoints", ["a", "b"])), ["endpoints +a@v1/30s +b@v1"]);
  say(ack("endpoints"));
  assert.deepEqual(say(wait(14_000)), []);
  assert.deepEqual(say(wait(1_000)), ["endpoints ~a@v1/30s"]);
  say(ack("endpoints"));
  assert.deepEqual(say(wait(15_000)), ["endpoints ~a@v1/30s"]);
});

// Envoy 1.40 deletes a cluster that comes without its content: for a list of all clusters it counts as left out.
test("in state-of-the-world what has a time to live is confirmed with its content, and none is left out", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1/30s", b: "v1" } }));
  say(ask("cluster"));
  say(ack("cluster"));
  assert.deepEqual(say(wait(15_000)), ["cluster +a@v1/30s +b@v1"]);
});

test("a client that has nothing with a time to live is sent no sign of life", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1/30s", b: "v1" } }));
  say(ask("endpoints", ["b"]));
  say(ack("endpoints"));
  assert.deepEqual(say(wait(15_000)), []);
});

test("a client that asks again when a sign of life is due gets the content", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1/30s" } }));
  say(ask("cluster"));
  say(ack("cluster"));
  say(wait(14_000));
  assert.deepEqual(say(ask("cluster")), ["cluster +a@v1/30s"]);
});

test("the last good version is confirmed while its successor is rejected", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1/30s" } }));
  say(ask("endpoints", ["a"]));
  say(ack("endpoints"));
  say(world({ endpoints: { a: "v2/30s" } }));
  say(nack("endpoints", "a: bad"));
  const sent = Array.from({ length: 15 }, () => say(wait(1_000))).flatMap((responses) =>
    responses.flatMap((response) => (response.includes("+a@v2") ? [...say(nack("endpoints", "a: bad"))] : [response])),
  );
  assert.deepEqual(sent, ["endpoints ~a@v1/30s"]);
});

test("what a client comes back with is confirmed at once: it may be about to run out", () => {
  const delta = conversation("delta");
  delta.say(world({ endpoints: { a: "v1/30s", b: "v2/30s" } }));
  assert.deepEqual(delta.say(ask("endpoints", ["a", "b"], { has: { a: "v1/30s", b: "v1/30s" } })), [
    "endpoints +b@v2/30s",
  ]);
  assert.deepEqual(delta.say(ack("endpoints")), ["endpoints ~a@v1/30s ~b@v2/30s"]);
  delta.say(ack("endpoints"));
  assert.deepEqual(delta.say(wait(14_000)), []);

  const sotw = conversation("sotw");
  sotw.say(world({ endpoints: { a: "v1/30s", b: "v1" } }));
  sotw.say(ask("endpoints", ["a", "b"]));
  const again = conversation("sotw");
  again.say(world({ endpoints: { a: "v1/30s", b: "v1" } }));
  const version = sotw.version("endpoints");
  assert.deepEqual(again.say(ask("endpoints", ["a", "b"], { version })), ["endpoints +a@v1/30s"]);
});

test("a client that has nothing yet is sent what has a time to live once", () => {
  const { say } = conversation("delta");
  say(world({ endpoints: { a: "v1/30s" } }));
  assert.deepEqual(say(ask("endpoints", ["a"])), ["endpoints +a@v1/30s"]);
  assert.deepEqual(say(ack("endpoints")), []);
});
