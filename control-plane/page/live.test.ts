import assert from "node:assert/strict";
import { test } from "node:test";
import type { Overview } from "./answers.ts";
import { afterAnswer, afterFailure, overviewOf } from "./live.ts";

const overview = { version: "1" } as Overview;

test("what was known when the control plane went away stays, with the time it is from", () => {
  const lost = afterFailure(afterFailure(afterAnswer(overview, 1_000), "gone", 2_000), "still gone", 3_000);
  assert.deepEqual(lost, { kind: "lost", overview, at: 1_000, since: 2_000, why: "still gone" });
  assert.equal(overviewOf(lost), overview);
});

test("before the first answer nothing is known, and why is said", () => {
  const waiting = afterFailure({ kind: "waiting", since: 5, why: undefined }, "nobody answers", 9);
  assert.deepEqual(waiting, { kind: "waiting", since: 5, why: "nobody answers" });
  assert.equal(overviewOf(waiting), undefined);
});
