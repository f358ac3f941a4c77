import assert from "node:assert/strict";
import { test } from "node:test";
import { createRefusalTeller, type Refusals } from "./listener-refusals.ts";

test("the first refusal is told at once, those that follow once a second as one", () => {
  const told: Refusals<"full" | "late">[] = [];
  let now = 0;
  const timers: { readonly run: () => void; readonly ms: number }[] = [];
  const teller = createRefusalTeller<"full" | "late">({
    tell: (refusals) => told.push(refusals),
    monotonicMs: () => now,
    later: (run, ms) => timers.push({ run, ms }),
  });
  teller.add({ reason: "full", peer: "a", says: "first" });
  assert.deepEqual(told, [{ count: 1, reasons: { full: 1 }, peer: "a", says: "first" }]);

  now = 200;
  for (let index = 0; index < 1_000; index++) teller.add({ reason: "full", peer: `b${index}`, says: "many" });
  teller.add({ reason: "late", peer: "c", says: "last" });
  assert.equal(told.length, 1);
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [800],
  );

  now = 1_000;
  timers[0]?.run();
  assert.deepEqual(told[1], { count: 1_001, reasons: { full: 1_000, late: 1 }, peer: "c", says: "last" });

  now = 5_000;
  teller.add({ reason: "late", peer: "d", says: "later" });
  assert.equal(told.length, 3);
});
