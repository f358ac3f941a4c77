import assert from "node:assert/strict";
import { test } from "node:test";
import { createLedger, type Outcome } from "./ledger.ts";
import { answeredBy, sharesVerdict } from "./verdict.ts";

const split = new Map([
  ["dc-a", 0.7],
  ["dc-b", 0.3],
]);

function outcome(counts: Readonly<Record<string, number>>, errors = 0): Outcome {
  const ledger = createLedger();
  const tally = (region: string, status: string, count: number) => ({
    slot: 0,
    client: "edge-a",
    region,
    status,
    count,
  });
  ledger.add(Object.entries(counts).map(([region, count]) => tally(region, "OK", count)));
  if (errors > 0) ledger.add([tally("", "UNAVAILABLE", errors)]);
  const found = ledger.outcome("edge-a", { from: 0, to: 1_000 });
  assert.ok(found);
  return found;
}

test("shares within the interval pass and are shown", () => {
  const { ok, says } = sharesVerdict("edge-a", outcome({ "dc-a": 705, "dc-b": 295 }), split);
  assert.equal(ok, true);
  assert.equal(says, "edge-a: dc-a 70.5 % dc-b 29.5 % of 1000");
});

test("a share outside of the interval, a stranger and an error are all named", () => {
  const { ok, says } = sharesVerdict("edge-a", outcome({ "dc-a": 500, "dc-b": 480, "dc-c": 20 }, 3), split);
  assert.equal(ok, false);
  assert.match(says, /3 failed/);
  assert.match(says, /dc-a answered 500 of 1000, expected 6\d\d to 7\d\d/);
  assert.match(says, /dc-c answered 20, expected none/);
});

test("after a failure only the others may answer, and all must be answered", () => {
  assert.equal(
    answeredBy("edge-a", outcome({ "dc-a": 10, "dc-c": 5 }), ["dc-a", "dc-c"]).says,
    "edge-a: dc-a 10 dc-c 5",
  );
  assert.match(
    answeredBy("edge-a", outcome({ "dc-b": 1, "dc-a": 9 }), ["dc-a"]).says,
    /dc-b answered 1, expected none/,
  );
  assert.match(answeredBy("edge-a", outcome({ "dc-a": 9 }, 1), ["dc-a"]).says, /1 of 10 failed/);
});
