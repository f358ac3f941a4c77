import assert from "node:assert/strict";
import { test } from "node:test";
import { gcra, type RateRule } from "./gcra.ts";

const rule: RateRule = { perSecond: 10, burst: 3 };

test("a burst conforms, and then one call each tenth of a second", () => {
  assert.deepEqual(play([0, 0, 0, 0, 50, 100, 100, 200]), "yes yes yes 100 50 yes 100 yes");
});

test("who has been quiet for long gets no more than the burst", () => {
  assert.deepEqual(play([0, 60_000, 60_000, 60_000, 60_000]), "yes yes yes yes 100");
});

test("a call that costs more delays those after it", () => {
  const first = gcra(undefined, rule, 20, 0);
  assert.ok(first.kind === "conforms");
  assert.deepEqual(gcra(first.tatMs, rule, 1, 0), { kind: "too-early", retryAfterMs: 1_800 });
});

test("who comes back when told conforms", () => {
  let tatMs: number | undefined;
  let nowMs = 0;
  for (let calls = 0; calls < 100; calls += 1) {
    const paced = gcra(tatMs, { perSecond: 7, burst: 2 }, 1, nowMs);
    if (paced.kind === "conforms") tatMs = paced.tatMs;
    else nowMs += paced.retryAfterMs;
  }
  assert.ok(Math.abs(nowMs - (50 / 7) * 1_000) < 300, String(nowMs));
});

function play(times: readonly number[]): string {
  let tatMs: number | undefined;
  return times
    .map((nowMs) => {
      const paced = gcra(tatMs, rule, 1, nowMs);
      if (paced.kind === "too-early") return String(paced.retryAfterMs);
      tatMs = paced.tatMs;
      return "yes";
    })
    .join(" ");
}
