import assert from "node:assert/strict";
import { test } from "node:test";
import { together } from "./together.ts";

test("what is awaited together comes in its own order, and a failure waits for the others", async () => {
  const slow = Promise.withResolvers<string>();
  const both = together([slow.promise, Promise.resolve(2)]);
  slow.resolve("one");
  assert.deepEqual(await both, ["one", 2]);

  const other = Promise.withResolvers<void>();
  let ended = false;
  const failing = together([other.promise, Promise.reject(new Error("first"))]).finally(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  assert.equal(ended, false);
  other.reject(new Error("second"));
  await assert.rejects(failing, /second/);
});
