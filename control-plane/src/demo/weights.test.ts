import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrafficRow } from "./operator-api.ts";
import { weightsFor, weightsText } from "./weights.ts";

const endpoints = { serving: 3, total: 3 };
const share = (from: string, to: string, weightPercent: number): TrafficRow => ({
  from,
  to,
  use: "share",
  weightPercent,
  endpoints,
});
const standby = (from: string, to: string): TrafficRow => ({ from, to, use: "standby", endpoints });
const rows: readonly TrafficRow[] = [
  share("dc-a", "dc-a/z1", 40),
  share("dc-a", "dc-a/z2", 40),
  share("dc-a", "dc-b", 20),
  standby("dc-a", "dc-c"),
  share("*", "dc-b", 100),
  standby("*", "dc-a"),
];

test("the first rule that matches the caller is the one that is shown, its zones together", () => {
  const inA = weightsFor(rows, { region: "dc-a", zone: "z1", subZone: "" });
  assert.deepEqual(
    [...inA],
    [
      ["dc-a", 80],
      ["dc-b", 20],
      ["dc-c", "standby"],
    ],
  );
  assert.equal(weightsText(inA), "dc-a 80 %, dc-b 20 %, then dc-c");
  const inB = weightsFor(rows, { region: "dc-b", zone: "z1", subZone: "" });
  assert.equal(weightsText(inB), "dc-b 100 %, then dc-a");
});

test("a rule without shares says so", () => {
  const nearest: TrafficRow = { from: "*", to: "nearest", use: "nearest", weightPercent: 100, endpoints };
  const weights = weightsFor([nearest], { region: "dc-a", zone: "z1", subZone: "" });
  assert.equal(weights.size, 0);
  assert.equal(weightsText(weights), "nearest first");
});
