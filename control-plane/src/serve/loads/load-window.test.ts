import assert from "node:assert/strict";
import { test } from "node:test";
import { createLoadWindow } from "./load-window.ts";

const hundred = { requests: 100, ok: 90, error: 10 };

test("a report is spread over the time that it covers", () => {
  const window = createLoadWindow(12);
  window.add(hundred, 1_500, 3_500);
  assert.deepEqual(
    [1, 2, 3].map((second) => window.sum(second + 1, 1).requests),
    [25, 50, 25],
  );
  assert.deepEqual(window.sum(4, 3), hundred);
});

test("what is older than the window is left out, however long the report", () => {
  const window = createLoadWindow(10);
  window.add(hundred, 0, 20_000);
  assert.deepEqual(window.sum(20, 10), { requests: 50, ok: 45, error: 5 });
  assert.equal(window.sum(20, 100).requests, 50);
});

test("buckets are used again, empty", () => {
  const window = createLoadWindow(3);
  window.add(hundred, 0, 1_000);
  window.add(hundred, 3_000, 4_000);
  assert.equal(window.sum(4, 3).requests, 100);
  assert.equal(window.sum(9, 3).requests, 0);
});

test("a late report counts where it belongs, as long as that is still kept", () => {
  const window = createLoadWindow(5);
  window.add(hundred, 9_000, 10_000);
  window.add(hundred, 6_000, 7_000);
  window.add(hundred, 1_000, 2_000);
  assert.equal(window.sum(10, 5).requests, 200);
  assert.equal(window.sum(7, 1).requests, 100);
});

test("a report of no time at all belongs to its second", () => {
  const window = createLoadWindow(5);
  window.add(hundred, 2_000, 2_000);
  assert.equal(window.sum(3, 1).requests, 100);
});

test("a window to which nothing was added for long is idle", () => {
  const window = createLoadWindow(5);
  assert.equal(window.isIdle(0, 5), true);
  window.add(hundred, 1_000, 2_000);
  assert.equal(window.isIdle(2, 5), false);
  assert.equal(window.isIdle(7, 5), true);
});
