import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLocalityPattern, patternText } from "./locality.ts";
import {
  gaining,
  nextShiftChange,
  positionAt,
  type Shares,
  type Shift,
  type ShiftStep,
  sharesBetween,
} from "./shift.ts";
import { plainSplit, type Split, splitAt } from "./split.ts";

const start = Date.parse("2026-11-21T12:00:00Z");
const at = (seconds: number) => new Date(start + seconds * 1000);

function place(text: string) {
  const parsed = parseLocalityPattern(text);
  assert.ok(parsed.ok);
  return parsed.value;
}
const sharesOf = (shares: Readonly<Record<string, number>>): Shares =>
  Object.entries(shares).map(([name, percent]) => ({ locality: place(name), percent }));
const textOf = (shares: Shares) => Object.fromEntries(shares.map((each) => [patternText(each.locality), each.percent]));

const set = (percent: number): ShiftStep => ({ kind: "set-weight", percent });
const pause = (seconds: number): ShiftStep => ({ kind: "pause", ms: seconds * 1000 });

const shift = (fields: Partial<Shift> = {}): Shift => ({
  name: "shift-1",
  from: place("*"),
  base: sharesOf({ "dc-a": 80, "dc-b": 20 }),
  target: sharesOf({ "dc-a": 60, "dc-b": 40 }),
  steps: [set(10), pause(60), set(50), pause(60), set(100), pause(60)],
  guard: undefined,
  onFailure: "rollback",
  by: "ana",
  reason: "",
  startTime: at(0),
  cursor: { step: 0, time: at(0) },
  paused: undefined,
  before: [],
  failures: [],
  ended: undefined,
  ...fields,
});

test("where a shift stands is told by the clock alone, so that nobody has to have been there", () => {
  const weights = [0, 59.9, 60, 119, 120, 179, 180, 999_999].map((seconds) => positionAt(shift(), at(seconds)).weight);
  assert.deepEqual(weights, [10, 10, 50, 50, 100, 100, 100, 100]);
  assert.deepEqual(nextShiftChange(shift(), at(61)), at(120));
  assert.equal(nextShiftChange(shift(), at(180)), undefined);
  assert.equal(positionAt(shift(), at(180)).step, 6);
});

test("a clock that is behind does not take a shift back before its beginning", () => {
  assert.deepEqual([positionAt(shift(), at(-30)).weight, nextShiftChange(shift(), at(-30))], [10, at(60)]);
});

test("a paused shift stays where it was, and one that waits stays until somebody moves it", () => {
  const paused = shift({ paused: { time: at(70), by: "ana", reason: "" } });
  assert.equal(positionAt(paused, at(5000)).weight, 50);
  assert.equal(nextShiftChange(paused, at(5000)), undefined);
  const waiting = shift({ steps: [set(30), { kind: "wait" }, set(100)] });
  assert.deepEqual([positionAt(waiting, at(9e6)).weight, nextShiftChange(waiting, at(0))], [30, undefined]);
});

test("it goes on from its cursor with the weight that was set before it", () => {
  const promoted = shift({ cursor: { step: 4, time: at(65) } });
  assert.deepEqual([positionAt(promoted, at(65)).weight, nextShiftChange(promoted, at(65))], [100, at(125)]);
  const inPause = shift({ cursor: { step: 3, time: at(65) } });
  assert.equal(positionAt(inPause, at(66)).weight, 50);
});

test("shares between two are those of every place of both, and add up to 100", () => {
  const [base, target] = [sharesOf({ "dc-a": 100 }), sharesOf({ "dc-b": 75, "dc-c": 25 })];
  assert.deepEqual(textOf(sharesBetween(base, target, 20)), { "dc-a": 80, "dc-b": 15, "dc-c": 5 });
  for (let weight = 0; weight <= 100; weight += 0.7) {
    const sum = sharesBetween(base, target, weight).reduce((total, { percent }) => total + percent, 0);
    assert.ok(Math.abs(sum - 100) < 1e-6, `${sum} at ${weight}`);
  }
  assert.deepEqual(gaining({ base, target }).map(patternText), ["dc-b", "dc-c"]);
});

test("the rule of the shift has its shares, others and what has ended have their own", () => {
  const rule = (from: string, to: Readonly<Record<string, number>>) => ({
    ...{ from: place(from), spread: { kind: "shares" as const, to: sharesOf(to) } },
    failover: [place("dc-b"), place("dc-c")],
  });
  const rules = [rule("dc-a", { "dc-a": 100 }), rule("*", { "dc-a": 100 })];
  const running = shift({ base: sharesOf({ "dc-a": 100 }), target: sharesOf({ "dc-b": 100 }) });
  const split: Split = { ...plainSplit, name: "report", service: "report" as never, rules, shift: running };
  const [first, second] = splitAt(split, at(61)).rules;
  assert.equal(first, rules[0]);
  assert.ok(second?.spread.kind === "shares" && second.failover !== "nearest");
  assert.deepEqual(textOf(second.spread.to), { "dc-a": 50, "dc-b": 50 });
  assert.deepEqual(second.failover.map(patternText), ["dc-c"], "what takes a share is no standby");
  const ended = { time: at(61), outcome: "aborted" as const, by: "ana", reason: "" };
  const over = { ...split, shift: { ...running, ended } };
  assert.equal(splitAt(over, at(62)), over);
});
