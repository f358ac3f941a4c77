import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "./latest.ts";

test("a slow reader gets the newest value, not those in between", async () => {
  const latest = createLatest(1);
  const reader = latest.changes(new AbortController().signal);
  assert.equal((await reader.next()).value, 1);
  latest.set(2);
  latest.set(3);
  assert.equal((await reader.next()).value, 3);
});

test("setting the very same value wakes nobody", async () => {
  const value = { weight: 1 };
  const latest = createLatest(value);
  const reader = latest.changes(new AbortController().signal);
  await reader.next();
  latest.set(value);
  const next = reader.next();
  const other = { weight: 2 };
  latest.set(other);
  assert.equal((await next).value, other);
});

test("a reader that waits ends when its signal aborts", async () => {
  const stop = new AbortController();
  const next = createLatest<number>().changes(stop.signal).next();
  stop.abort();
  assert.equal((await next).done, true);
});
