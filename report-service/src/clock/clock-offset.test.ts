import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsOf, type ClockOffset, firstOffset, nextOffset } from "./clock-offset.ts";

const settleMs = 1_000;
/** A look at `askedMs`, answered after `tookMs`, at a clock that is `aheadMs` ahead and was read at once. */
const look = (askedMs: number, tookMs: number, aheadMs: number) => ({
  askedMs,
  answeredMs: askedMs + tookMs,
  timeMs: askedMs + aheadMs,
});
const after = (offset: ClockOffset, ...looks: readonly ReturnType<typeof look>[]) =>
  looks.reduce((before, one) => nextOffset(before, one, settleMs), offset);

test("an answer that took long does not move a clock that is known better", () => {
  const known = firstOffset(look(0, 2, 101));
  assert.equal(known.ms, 100);
  assert.deepEqual(after(known, look(10, 500, 101)), known);
  assert.equal(after(known, look(10, 1, 103)).ms, 102);
});

test("while a clock is followed ahead or back, both times hold, until everybody has seen the new one", () => {
  for (const jumpMs of [3_600_000, -3_600_000]) {
    const jumped = after(firstOffset(look(0, 0, 0)), look(10, 0, jumpMs));
    assert.equal(jumped.ms, jumpMs);
    const [leastMs, mostMs] = [Math.min(0, jumpMs), Math.max(0, jumpMs)];
    assert.deepEqual(boundsOf(jumped), { leastMs, mostMs });
    assert.deepEqual(boundsOf(after(jumped, look(1_009, 0, jumpMs))), { leastMs, mostMs });
    assert.deepEqual(boundsOf(after(jumped, look(1_010, 0, jumpMs))), { leastMs: jumpMs, mostMs: jumpMs });
  }
});
