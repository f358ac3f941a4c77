import assert from "node:assert/strict";
import { test } from "node:test";
import { afterFlap, afterPass, type Flaps, isCalm, isFlapping, passesAtMs } from "./flaps.ts";

/** After so many changes at once, each let through. */
function flapped(times: number): Flaps {
  let flaps = afterFlap(undefined, 0);
  for (let count = 1; count < times; count++) flaps = afterFlap(flaps, 0);
  return afterPass(flaps, 0);
}

test("five changes pass at once, each later one waits longer, up to the longest", () => {
  const waits = [1, 5, 6, 7, 13, 20, 40].map((times) => Math.round(passesAtMs(flapped(times), 0, 10_000)));
  assert.deepEqual(waits, [0, 0, 230, 264, 612, 1627, 10_000]);
  assert.equal(isFlapping(flapped(5), 0), false);
  assert.equal(isFlapping(flapped(6), 0), true);
});

test("one change is forgotten every ten seconds", () => {
  assert.equal(isFlapping(flapped(7), 15_000), true);
  assert.equal(isFlapping(flapped(7), 20_000), false);
  assert.equal(isCalm(flapped(7), 69_999), false);
  assert.equal(isCalm(flapped(7), 70_000), true);
});
