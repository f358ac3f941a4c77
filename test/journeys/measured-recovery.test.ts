import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { MeasuredRow } from "./measured-rows.ts";
import { startMeasuredScene } from "./measured-scene.ts";

const intervalMs = 2_000;
const endpoints = { "dc-a": ["a1", "a2", "a3"], "dc-b": ["b1", "b2", "b3"], "dc-c": ["c1", "c2", "c3"] };
const row: MeasuredRow = {
  what: "70/30 and a failover",
  bad: "dc-a",
  endpoints,
  rule: { to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] },
  policy: { outlierDetection: { interval: `${intervalMs}ms` } },
  expect: {},
};

for (const bad of ["dc-a", "dc-a and dc-b"] as const)
  test(`a few intervals after ${bad} began to fail, neither kind of client fails any more`, async () => {
    await using scene = await startMeasuredScene([row]);
    await using envoy = await scene.client(row, "envoy");
    await using node = await scene.client(row, "node");
    for (const client of [envoy, node]) await client.send(20);
    const load = { perSecond: 150, forMs: 1_000 + 5 * intervalMs };
    const running = Promise.all([envoy.sendAtRate(load), node.sendAtRate(load)]);
    await delay(1_000);
    scene.makeBad(bad);
    const badAt = Date.now();
    for (const [name, records] of Object.entries({ envoy: (await running)[0], node: (await running)[1] })) {
      const failed = records.filter(({ code }) => code !== "OK");
      const lastMs = Math.max(0, ...failed.map(({ startedAt }) => startedAt - badAt));
      assert.ok(failed.length > 0, `${name}: nothing failed, so nothing was measured`);
      assert.ok(lastMs < 3 * intervalMs, `${name}: the last of ${failed.length} failures came after ${lastMs} ms`);
      const later = records.filter(({ startedAt }) => startedAt > badAt + 3 * intervalMs);
      assert.ok(later.length > 100, `${name}: ${later.length} requests after that`);
    }
  });
