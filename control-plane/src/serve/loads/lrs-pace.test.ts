import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesPerSecond, createPace, nextIntervalMs } from "./lrs-pace.ts";

const wantedMs = 2_000;
const envoyReport = 61_000;

test("a few clients report as often as wanted", () => {
  assert.equal(nextIntervalMs(wantedMs, wantedMs, 10 * envoyReport), wantedMs);
  assert.equal(nextIntervalMs(wantedMs, wantedMs, 0), wantedMs);
});

test("the more they send, the less often they are asked: until it is little enough, or every 32 seconds", () => {
  assert.equal(nextIntervalMs(wantedMs, wantedMs, 1_000 * envoyReport), 8_000);
  assert.equal(nextIntervalMs(wantedMs, wantedMs, 3_000 * envoyReport), 32_000);
  assert.equal(nextIntervalMs(32_000, wantedMs, 100_000 * envoyReport), 32_000);
});

test("it comes back when there is clearly room, and does not flutter at the border", () => {
  const border = (bytesPerSecond * wantedMs) / 1000;
  assert.equal(nextIntervalMs(wantedMs, wantedMs, border * 1.01), 4_000);
  assert.equal(nextIntervalMs(4_000, wantedMs, border * 0.95), 4_000);
  assert.equal(nextIntervalMs(4_000, wantedMs, border * 0.6), wantedMs);
  assert.equal(nextIntervalMs(32_000, wantedMs, 0), wantedMs);
});

test("the pace follows who is there", () => {
  const changes: string[] = [];
  const pace = createPace({
    wantedMs,
    now: () => 0,
    onChange: ({ intervalMs, reporters }) => changes.push(`${intervalMs} ms for ${reporters}`),
  });
  const pacers = Array.from({ length: 1_000 }, () => pace.join());
  for (const pacer of pacers) pacer.reported(envoyReport);
  assert.equal(pace.intervalMs(), 8_000);
  for (const pacer of pacers) pacer[Symbol.dispose]();
  assert.equal(pace.intervalMs(), wantedMs);
  assert.deepEqual(changes.slice(0, 2), ["4000 ms for 1000", "8000 ms for 1000"]);
  assert.equal(changes.length, 4);
});

test("a client may be early now and then, but not all the time", () => {
  let now = 0;
  const pacer = createPace({ wantedMs, now: () => now, onChange: () => undefined }).join();
  for (let report = 0; report < 100; report += 1) {
    now += 1_100;
    assert.equal(pacer.reported(100), true);
  }
  const flood = Array.from({ length: 12 }, () => pacer.reported(100));
  assert.equal(flood.filter((fine) => fine).length, 9);
});
