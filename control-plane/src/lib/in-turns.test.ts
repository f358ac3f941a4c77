import assert from "node:assert/strict";
import { test } from "node:test";
import { atOnce, inTurns } from "./in-turns.ts";

function* busy(ms: number) {
  const end = performance.now() + ms;
  while (performance.now() < end) yield;
  return "done";
}

test("long work lets others have turns, and gives the same as when it is done at once", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  assert.equal(await inTurns(busy(100)), "done");
  clearInterval(timer);
  assert.ok(turns >= 3, `${turns} turns`);
  assert.equal(atOnce(busy(0)), "done");
});

test("what the work throws is the caller's", async () => {
  const failing = (function* () {
    yield;
    throw new Error("no");
  })();
  await assert.rejects(inTurns(failing), /no/);
});
