import assert from "node:assert/strict";
import { test } from "node:test";
import { ageText } from "./age.ts";

test("an age is told in its largest unit", () => {
  const seconds = [-5, 0, 48, 59.9, 60, 3_599, 3_600, 86_399, 86_400, 9 * 86_400];
  assert.deepEqual(
    seconds.map((each) => ageText(each * 1000)),
    ["0s", "0s", "48s", "59s", "1m", "59m", "1h", "23h", "1d", "9d"],
  );
});
