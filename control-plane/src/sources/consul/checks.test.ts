import assert from "node:assert/strict";
import { test } from "node:test";
import { censusOf, changedBetween, parseChecks, stateOf, touchedBetween } from "./checks.ts";

type Row = readonly [node: string, id: string, service: string, modified: number];
const answer = (rows: readonly Row[]) =>
  JSON.stringify(
    rows.map(([Node, CheckID, ServiceName, ModifyIndex]) => ({ Node, CheckID, ServiceName, ModifyIndex, Status: "x" })),
  );
const base: readonly Row[] = [
  ["n1", "a1", "a", 10],
  ["n1", "b1", "b", 11],
  ["n2", "a2", "a", 12],
  ["n2", "serfHealth", "", 5],
];
const without = (id: string) => base.filter(([, each]) => each !== id);

for (const [title, after, touched] of [
  ["nothing", base, []],
  ["a check that is new", [...base, ["n3", "c1", "c", 20]], ["c"]],
  ["a check that is gone", without("b1"), ["b"]],
  ["a check that was changed", [...without("a1"), ["n1", "a1", "a", 20]], ["a"]],
  ["one that came for one that went", [...without("a1"), ["n1", "a3", "a", 20]], ["a"]],
  ["a check of a node", [...without("serfHealth"), ["n2", "serfHealth", "", 20]], [""]],
  ["the order alone", base.toReversed(), []],
] as const) {
  test(`${title}: a state and a census both name ${JSON.stringify(touched)}`, () => {
    const [before, then] = [base, after].map((rows) => parseChecks(answer(rows)));
    assert.ok(before && then);
    assert.deepEqual([...touchedBetween(stateOf(before), stateOf(then))], touched);
    assert.deepEqual([...changedBetween(censusOf(before), censusOf(then))], touched);
  });
}

for (const [title, text] of [
  ["cut JSON", answer(base).slice(0, 50)],
  ["no list", '{"a":1}'],
  ["a list of something else", "[null]"],
  ["a check without an index", '[{"Node":"n","CheckID":"c"}]'],
] as const) {
  test(`${title} is no answer`, () => assert.throws(() => parseChecks(text), /JSON|expected/));
}
