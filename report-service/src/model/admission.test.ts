import assert from "node:assert/strict";
import { test } from "node:test";
import { admit } from "./admission.ts";

test("a queue takes as many as its limit and turns the next one away", () => {
  assert.deepEqual(admit({ queued: 9 }, 10, 0), { kind: "admitted" });
  assert.equal(admit({ queued: 10, oldestQueuedAtMs: 0 }, 10, 0).kind, "full");
});

test("the longer the oldest report has waited, the later a client is asked to come back", () => {
  const retryAfterMs = (waitedMs: number) => admit({ queued: 1, oldestQueuedAtMs: 0 }, 1, waitedMs);
  assert.deepEqual(retryAfterMs(100), { kind: "full", retryAfterMs: 500 });
  assert.deepEqual(retryAfterMs(8_000), { kind: "full", retryAfterMs: 2_000 });
  assert.deepEqual(retryAfterMs(3_600_000), { kind: "full", retryAfterMs: 30_000 });
});
