import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { parseLocalityPattern } from "../model/locality.ts";
import type { Split } from "../model/split.ts";
import type { World } from "../model/world.ts";
import { registerTrafficGauges, type TrafficReadings } from "./traffic-gauges.ts";

const nothing: TrafficReadings = { world: () => undefined, failovers: () => [], certificates: [] };

async function shown(readings: TrafficReadings | undefined): Promise<readonly string[]> {
  const registry = new Registry();
  registerTrafficGauges(registry, () => readings);
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("a failover is 1 or 0 while callers send, and certificates say when they end", async () => {
  const expires = new Date("2027-01-01T00:00:00Z");
  const failovers = () => [
    { service: "report", from: "dc-a", active: true },
    { service: "report", from: "*", active: false },
  ];
  assert.deepEqual(await shown({ ...nothing, failovers, certificates: [{ certificate: "xds", expires }] }), [
    'traffic_failover_active{service="report",from="dc-a"} 1',
    'traffic_failover_active{service="report",from="*"} 0',
    `tls_certificate_expiry_timestamp_seconds{certificate="xds"} ${expires.getTime() / 1000}`,
  ]);
});

test("of several overrides of one place the first to end counts", async () => {
  const override = (locality: string, expireTime: string) => {
    const parsed = parseLocalityPattern(locality);
    assert.ok(parsed.ok);
    return { locality: parsed.value, expireTime: new Date(expireTime) };
  };
  const overrides = [
    override("dc-a", "1970-01-01T00:03:00Z"),
    override("dc-a", "1970-01-01T00:01:00Z"),
    override("dc-b/z1", "1970-01-01T00:02:00Z"),
  ];
  const split = { service: "report", overrides } as unknown as Split;
  const world = () => ({ splits: new Map([["report", split]]) }) as unknown as World;
  assert.deepEqual(await shown({ ...nothing, world }), [
    'traffic_override_expiry_timestamp_seconds{service="report",locality="dc-a"} 60',
    'traffic_override_expiry_timestamp_seconds{service="report",locality="dc-b/z1"} 120',
  ]);
});

test("a shift runs, and then has ended one way", async () => {
  const from = parseLocalityPattern("dc-a/*");
  assert.ok(from.ok);
  const withShift = (ended: object | undefined) => {
    const split = { service: "report", overrides: [], shift: { from: from.value, ended } } as unknown as Split;
    return shown({ ...nothing, world: () => ({ splits: new Map([["report", split]]) }) as unknown as World });
  };
  assert.deepEqual(await withShift(undefined), ['traffic_shift_running{service="report",from="dc-a"} 1']);
  assert.deepEqual(await withShift({ outcome: "rolledBack", time: new Date(60_000) }), [
    'traffic_shift_running{service="report",from="dc-a"} 0',
    'traffic_shift_ended_timestamp_seconds{service="report",from="dc-a",outcome="rolledBack"} 60',
  ]);
});

test("before anything is served there is nothing to see", async () => {
  assert.deepEqual(await shown(undefined), []);
});
