import assert from "node:assert/strict";
import { test } from "node:test";
import { createLedger, shareOf, type Tally } from "./ledger.ts";

const tally = (slot: number, region: string, count: number, status = "OK"): Tally => ({
  slot,
  client: "edge-a",
  region,
  status,
  count,
});

test("a window holds the requests begun in it, however late their news comes", () => {
  const ledger = createLedger();
  ledger.add([tally(2_000, "dc-a", 7), tally(1_900, "dc-b", 9)]);
  ledger.add([tally(2_000, "dc-b", 3), tally(3_000, "dc-a", 5)]);
  const outcome = ledger.outcome("edge-a", { from: 2_000, to: 3_000 });
  assert.equal(outcome?.ok, 10);
  assert.equal(outcome && shareOf(outcome, "dc-a"), 0.7);
  assert.equal(ledger.newest(), 3_000);
  assert.equal(ledger.outcome("edge-b", { from: 0, to: 9_000 }), undefined);
});

test("what nobody answered is an error of nobody, and no part of the shares", () => {
  const ledger = createLedger();
  ledger.add([tally(0, "dc-a", 6), tally(0, "dc-b", 2, "UNAVAILABLE"), tally(0, "", 4, "UNAVAILABLE")]);
  const outcome = ledger.outcome("edge-a", { from: 0, to: 1_000 });
  assert.equal(outcome?.errors, 6);
  assert.deepEqual(outcome?.regions.get("dc-b"), { ok: 0, errors: 2 });
  assert.equal(outcome && shareOf(outcome, "dc-a"), 0.75);
  assert.equal(ledger.errors(), 6);
});

test("minutes later the old requests are forgotten, their errors are not", () => {
  const ledger = createLedger();
  ledger.add([tally(0, "dc-a", 1, "INTERNAL")]);
  ledger.add([tally(1_000_000, "dc-a", 1)]);
  assert.equal(ledger.outcome("edge-a", { from: 0, to: 1_000 }), undefined);
  assert.equal(ledger.errors(), 1);
});
