import assert from "node:assert/strict";
import { test } from "node:test";
import { anyRequest } from "../../model/covers-match.ts";
import type { RouteMatch } from "../../model/route.ts";
import { partOfWindow, percentWindowsOf } from "./percent-windows.ts";

const canary = { name: "x-canary", value: { kind: "exact", text: "1" }, invert: false } as const;

test("a part of what is left is the next piece of all", () => {
  assert.deepEqual(windows([part(20)], [part(50)], [part(100)]), [["0-20"], ["20-60"], ["60-100"]]);
});

test("so it is among the ways to match of one rule", () => {
  assert.deepEqual(windows([part(50), part(50)], [part(50)]), [["0-50", "50-75"], ["75-87.5"]]);
});

test("a narrower match goes on where a wider one ended, and not the other way round", () => {
  assert.deepEqual(windows([part(20)], [{ ...part(50), headers: [canary] }]), [["0-20"], ["20-60"]]);
  assert.deepEqual(windows([{ ...part(20), headers: [canary] }], [part(50)]), [["0-20"], ["0-50"]]);
});

test("a rule that takes all it matches leaves no mark on others", () => {
  assert.deepEqual(windows([{ ...anyRequest, headers: [canary] }], [part(10)]), [["0-100"], ["0-10"]]);
});

test("a part of a window ends so far into it", () => {
  assert.equal(partOfWindow({ from: 60, to: 100 }, 25), 70);
  assert.equal(partOfWindow({ from: 0, to: 100 }, 1), 1);
});

function part(percent: number): RouteMatch {
  return { ...anyRequest, percent };
}

function windows(...rules: readonly (readonly RouteMatch[])[]): readonly (readonly string[])[] {
  const given = rules.map((matches) => ({ matches }));
  return percentWindowsOf(given).map((each) => each.map(({ from, to }) => `${from}-${to}`));
}
