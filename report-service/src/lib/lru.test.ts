import assert from "node:assert/strict";
import { test } from "node:test";
import { createLru } from "./lru.ts";

test("what was not asked for the longest goes first when there is no more room", () => {
  const lru = createLru<number>(30);
  for (const key of ["a", "b", "c"]) lru.set(key, 1, 10, 100);
  lru.get("a", 0);
  lru.set("d", 1, 10, 100);
  assert.deepEqual(
    ["a", "b", "c", "d"].filter((key) => lru.get(key, 0)),
    ["a", "c", "d"],
  );
  lru.set("e", 1, 25, 100);
  assert.deepEqual([lru.size(), lru.bytes()], [1, 25]);
});

test("what does not fit at all is not held, nor is what it was to replace", () => {
  const lru = createLru<string>(30);
  lru.set("a", "old", 10, 100);
  lru.set("b", "b", 10, 100);
  lru.set("a", "new", 31, 100);
  assert.deepEqual([lru.get("a", 0), lru.get("b", 0), lru.bytes()], [undefined, "b", 10]);
});

test("nothing is given out after its time, and its room is free again", () => {
  const lru = createLru<number>(30);
  lru.set("a", 1, 10, 100);
  assert.equal(lru.get("a", 99), 1);
  assert.equal(lru.get("a", 100), undefined);
  assert.deepEqual([lru.size(), lru.bytes()], [0, 0]);
});

test("a million values leave no more in memory than fits", () => {
  const lru = createLru<number>(10_000);
  for (let index = 0; index < 1_000_000; index += 1) lru.set(`key ${index}`, index, 100, 1);
  assert.deepEqual([lru.size(), lru.bytes()], [100, 10_000]);
});
