import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneTurn } from "./in-one-turn.ts";

test("calls of one turn are handled together, those of the next one by themselves", async () => {
  const groups: (readonly number[])[] = [];
  const double = inOneTurn((items: readonly number[]) => {
    groups.push(items);
    return items.map((item) => item * 2);
  });
  assert.deepEqual(await Promise.all([double(1), double(2)]), [2, 4]);
  assert.equal(await double(3), 6);
  assert.deepEqual(groups, [[1, 2], [3]]);
});

test("what handling fails with, each call of the turn gets", async () => {
  const fail = inOneTurn((): readonly never[] => {
    throw new Error("the disk is full");
  });
  const tried = await Promise.allSettled([fail(1), fail(2)]);
  assert.deepEqual(
    tried.map((one) => one.status === "rejected" && one.reason.message),
    ["the disk is full", "the disk is full"],
  );
});
