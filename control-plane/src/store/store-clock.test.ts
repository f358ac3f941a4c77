import assert from "node:assert/strict";
import { test } from "node:test";
import { createStoreClock } from "./store-clock.ts";

const noon = Date.parse("2026-03-01T12:00:00Z");

function scene() {
  const time = { wallMs: noon, monotonicMs: 1_000 };
  const told: number[] = [];
  const clock = createStoreClock({
    wallMs: () => time.wallMs,
    monotonicMs: () => time.monotonicMs,
    differs: (aheadMs) => told.push(aheadMs),
  });
  return { time, told, clock, now: () => clock.now().toISOString() };
}

test("a clock that goes with the store's is left alone, to the millisecond", () => {
  const { time, told, clock, now } = scene();
  time.wallMs = noon + 3_210;
  clock.heard(new Date(noon));
  assert.equal(now(), "2026-03-01T12:00:03.210Z");
  assert.deepEqual(told, []);
});

test("a clock an hour ahead or behind is set right, and that is told once", () => {
  for (const offMs of [3_600_000, -3_600_000]) {
    const { time, told, clock, now } = scene();
    time.wallMs = noon + offMs;
    clock.heard(new Date(noon));
    clock.heard(new Date(noon));
    assert.equal(now(), "2026-03-01T12:00:00.500Z");
    assert.deepEqual(told, [offMs - 500]);
    time.wallMs += 2_000;
    time.monotonicMs += 2_000;
    assert.equal(now(), "2026-03-01T12:00:02.500Z");
  }
});

test("a jump while the store is away is noticed by the monotonic clock", () => {
  const { time, clock, now } = scene();
  clock.heard(new Date(noon));
  time.monotonicMs += 60_000;
  time.wallMs += 60_000 + 86_400_000;
  assert.equal(now(), "2026-03-01T12:01:00.500Z");
});
