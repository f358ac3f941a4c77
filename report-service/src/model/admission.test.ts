import assert from "node:assert/strict";
import { test } from "node:test";
import { admit } from "./admission.ts";

const limits = { queue: 10, tenant: 6 };

test("a queue takes as many as its limit and turns the next one away", () => {
  assert.deepEqual(admit({ queued: 9, ofTenant: 0 }, limits, "interactive", 0), { kind: "admitted" });
  assert.equal(admit({ queued: 10, ofTenant: 0 }, limits, "interactive", 0).kind, "full");
});

test("the last places are for those who wait for their answer", () => {
  const at = (queued: number, priority: "interactive" | "standard" | "bulk") =>
    admit({ queued, ofTenant: 0 }, limits, priority, 0).kind;
  assert.deepEqual([at(8, "bulk"), at(8, "standard"), at(8, "interactive")], ["full", "admitted", "admitted"]);
  assert.deepEqual([at(9, "standard"), at(9, "interactive")], ["full", "admitted"]);
});

test("one tenant cannot fill the queue", () => {
  const full = admit({ queued: 7, ofTenant: 6 }, limits, "interactive", 0);
  assert.deepEqual(full, { kind: "full", of: "tenant", queued: 6, limit: 6, retryAfterMs: 500 });
});

test("the longer the oldest report has waited, the later a client is asked to come back", () => {
  const retryAfterMs = (waitedMs: number) => {
    const answer = admit({ queued: 10, ofTenant: 0, oldestQueuedAtMs: 0 }, limits, "interactive", waitedMs);
    return answer.kind === "full" && answer.retryAfterMs;
  };
  assert.deepEqual([100, 8_000, 3_600_000].map(retryAfterMs), [500, 2_000, 30_000]);
});
