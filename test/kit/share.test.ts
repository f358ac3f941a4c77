import assert from "node:assert/strict";
import { test } from "node:test";
import { assertShare } from "./share.ts";

test("a count outside of the interval is said with what was expected", () => {
  assertShare(2100, { of: 3000, share: 0.7, what: "dc-a" });
  assert.throws(
    () => assertShare(1950, { of: 3000, share: 0.7, what: "dc-a" }),
    /dc-a: 1950 of 3000; a share of 0.7 gives 19\d\d to 22\d\d/,
  );
});
