import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { limitTime } from "./limit-time.ts";

const anHourMs = 3_600_000;

test("a job's own time begins with its worker, and before that counts how long this takes to be ready", async () => {
  using slow = limitTime(anHourMs, { startMs: 10 });
  await once(slow.isUp, "abort");
  assert.equal(slow.hasBegun(), false);
  using job = limitTime(10, { startMs: anHourMs });
  job.begin();
  await once(job.isUp, "abort");
  assert.deepEqual([job.hasBegun(), job.hasStarved()], [true, false]);
});

test("what code waits for a CPU is not its own time", async () => {
  using job = limitTime(10);
  job.begin();
  job.waited(60_000);
  await delay(100);
  assert.equal(job.isUp.aborted, false);
});

test("code that got next to no CPU for a while has starved, which is not its fault, and what got some has not", async () => {
  using job = limitTime(anHourMs, { waitMs: 5_000 });
  job.begin();
  job.waited(4_000);
  assert.equal(job.hasStarved(), false);
  job.waited(6_000);
  await once(job.isUp, "abort");
  assert.equal(job.hasStarved(), true);

  using other = limitTime(anHourMs, { waitMs: 0 });
  other.begin();
  await delay(50);
  // As much of the time was its own.
  other.waited(25);
  assert.equal(other.hasStarved(), false);
});
