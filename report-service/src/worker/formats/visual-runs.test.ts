import assert from "node:assert/strict";
import { test } from "node:test";
import { visualRuns } from "./visual-runs.ts";

test("text of one direction is one run", () => {
  assert.deepEqual(visualRuns("north, 12 %"), { runs: ["north, 12 %"], fromRight: false });
  assert.deepEqual(visualRuns(""), { runs: [""], fromRight: false });
  assert.deepEqual(visualRuns("שלום עולם"), { runs: ["שלום עולם"], fromRight: true });
});

test("words and numbers inside right-to-left text stand where a reader looks for them", () => {
  assert.deepEqual(visualRuns("סניף 12 תל אביב"), { runs: [" תל אביב", "12", "סניף "], fromRight: true });
  assert.deepEqual(visualRuns("shop סניף 12 north"), { runs: ["shop ", "12", "סניף ", " north"], fromRight: false });
});

test("brackets of right-to-left text open to the left", () => {
  assert.deepEqual(visualRuns("(שלום)").runs.join("|").replaceAll("שלום", "x"), ")x(");
});

test("brackets and spaces around a number stand on their right sides", () => {
  // Drawn: abc (12) x, where the font turns the last run around.
  assert.deepEqual(visualRuns("שלום (12) abc").runs, ["abc", " (", "12", "שלום )"]);
});
