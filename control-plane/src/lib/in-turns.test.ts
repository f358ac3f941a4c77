import assert from "node:assert/strict";
import { test } from "node:test";
import { atOnce, inTurns } from "./in-turns.ts";

function* busyUntil(isOver: () => boolean) {
  while (!isOver()) yield;
  return "done";
}

test("long work lets others have turns, and gives the same as when it is done at once", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const longest = performance.now() + 10_000;
  assert.equal(await inTurns(busyUntil(() => turns >= 3 || performance.now() > longest)), "done");
  clearInterval(timer);
  assert.ok(turns >= 3, `${turns} turns`);
  assert.equal(atOnce(busyUntil(() => true)), "done");
});

test("what the work throws is the caller's", async () => {
  const failing = (function* () {
    yield;
    throw new Error("no");
  })();
  await assert.rejects(inTurns(failing), /no/);
});
