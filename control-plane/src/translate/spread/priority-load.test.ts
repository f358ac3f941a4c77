import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveWeight, type PriorityHosts, priorityLoads } from "./priority-load.ts";

// The tables of Envoy's documentation, "Priority levels" and "Degraded endpoints", with a factor of 140.

const of100 = (healthy: number, degraded = 0): PriorityHosts => ({ hosts: 100, healthy, degraded });
const healthy = (...percents: readonly number[]) =>
  priorityLoads(
    percents.map((percent) => of100(percent)),
    140,
  ).healthy;

test("a priority that is healthy enough, overprovisioned, takes everything; what it cannot take goes to the next", () => {
  assert.deepEqual(healthy(100, 100), [100, 0]);
  assert.deepEqual(healthy(72, 72), [100, 0]);
  assert.deepEqual(healthy(71, 71), [99, 1]);
  assert.deepEqual(healthy(50, 50), [70, 30]);
  assert.deepEqual(healthy(25, 100), [35, 65]);
  assert.deepEqual(healthy(25, 25, 100), [35, 35, 30]);
  assert.deepEqual(healthy(0, 100), [0, 100]);
});

test("with less than all of it to be had each gets in proportion, and the first what rounding leaves", () => {
  assert.deepEqual(healthy(25, 25), [50, 50]);
  assert.deepEqual(healthy(5, 10), [34, 66]);
  assert.deepEqual(priorityLoads([of100(0), of100(0)], 140), { healthy: [0, 0], degraded: [0, 0], total: 0 });
});

test("degraded hosts of any priority come after the healthy ones of all", () => {
  const loads = (...priorities: readonly PriorityHosts[]) => {
    const { healthy, degraded } = priorityLoads(priorities, 140);
    return { healthy, degraded };
  };
  assert.deepEqual(loads(of100(50, 50), of100(100)), { healthy: [70, 30], degraded: [0, 0] });
  assert.deepEqual(loads(of100(25, 25), of100(25)), { healthy: [35, 35], degraded: [30, 0] });
  assert.deepEqual(loads(of100(0, 100)), { healthy: [0], degraded: [100] });
});

test("a locality loses weight from where its hosts, overprovisioned, no longer cover it", () => {
  assert.equal(effectiveWeight(70, 3, 4, 140), 70);
  assert.ok(Math.abs(effectiveWeight(70, 1, 2, 140) - 49) < 1e-9);
  assert.equal(effectiveWeight(70, 0, 2, 140), 0);
});
