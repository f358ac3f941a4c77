import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, wait, world } from "./converse.ts";

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

test("a heartbeat of clusters in state-of-the-world leaves none of them out", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1/30s", b: "v1" } }));
  say(ask("cluster"));
  say(ack("cluster"));
  assert.deepEqual(say(wait(15_000)), ["cluster ~a@v1/30s +b@v1"]);
});
