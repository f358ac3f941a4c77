import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientGroup, Overview, TrafficAnswer, TrafficRow } from "./answers.ts";
import { flowLayout } from "./flow-layout.ts";
import { flowsOf } from "./flows.ts";

test("each rule's callers go to its data centers, with the clients that it is for", () => {
  const { callers, places, flows } = flowsOf(
    overview({
      rows: [
        row("dc-a", "dc-a", 80, { percent: 79, rps: 79, errorPercent: 0 }),
        row("dc-a", "dc-b", 20, { percent: 21, rps: 21, errorPercent: 10 }),
        row("*", "dc-b", 100, { percent: 100, rps: 50, errorPercent: 0 }),
      ],
      groups: [group("envoy", "dc-a/z1", 3), group("grpc", "dc-b", 2), group("grpc", "", 1)],
    }),
    "report",
  );
  assert.deepEqual(
    callers.map(({ from, envoys, grpc, rps }) => `${from}: ${envoys} + ${grpc}, ${rps}`),
    ["dc-a: 3 + 0, 100", "*: 0 + 3, 50"],
  );
  assert.deepEqual(
    places.map(({ region, rps, errorPercent }) => `${region} ${rps} ${errorPercent?.toFixed(2)}`),
    ["dc-a 79 0.00", "dc-b 71 2.96"],
  );
  assert.equal(flows.length, 3);
});

test("zones of a data center are one line, and nearest is one to each region that it came to", () => {
  const { flows } = flowsOf(
    overview({
      rows: [
        row("*", "dc-a/z1", 40, { percent: 38, rps: 38 }),
        row("*", "dc-a/z2", 60, { percent: 62, rps: 62 }),
        {
          ...row("dc-b", "nearest", 100, { rps: 10 }),
          use: "nearest",
          regions: [{ region: "dc-b", observed: { percent: 100, rps: 10 } }],
        },
      ],
    }),
    "report",
  );
  assert.deepEqual(
    flows.map((flow) => `${flow.from} ${flow.to} ${flow.configuredPercent} ${flow.observedPercent} ${flow.rps}`),
    ["* dc-a 100 100 100", "dc-b dc-b undefined 100 10"],
  );
});

test("a data center is well, hurt, down or drained, and unknown traffic is not none", () => {
  const state = (serving: number, weight?: number) => {
    const { places } = flowsOf(
      overview({
        rows: [row("*", "dc-a", 100)],
        places: [{ service: "report", region: "dc-a", serving, draining: 0, total: 3 }],
        overrides:
          weight === undefined
            ? []
            : [
                {
                  service: "report",
                  locality: "dc-a",
                  weight,
                  by: "ana",
                  reason: "",
                  expireTime: "",
                  expiresInSeconds: 60,
                },
              ],
      }),
      "report",
    );
    return `${places[0]?.state} ${places[0]?.rps}`;
  };
  assert.deepEqual(
    [state(3), state(1), state(0), state(3, 0), state(3, 50)],
    ["well undefined", "hurt undefined", "down undefined", "drained undefined", "well undefined"],
  );
});

test("lines are as thick as their share, dots as many, and some of them failed where calls did", () => {
  const flows = flowsOf(
    overview({
      rows: [
        row("*", "dc-a", 75, { percent: 75, rps: 75, errorPercent: 0 }),
        row("*", "dc-b", 25, { percent: 25, rps: 25, errorPercent: 1 }),
        { ...row("*", "dc-c", undefined, { percent: 0, rps: 0 }), use: "standby", priority: 1 },
      ],
    }),
    "report",
  );
  for (const width of [320, 800]) {
    const { lines, places } = flowLayout(flows, width);
    const [a, b, c] = lines;
    assert.ok(a && b && c);
    assert.ok(Math.abs(a.thickness / b.thickness - 3) < 0.01);
    assert.deepEqual([a.dots, b.dots, c.dots], [6, 2, 0]);
    assert.deepEqual([a.failedDots, b.failedDots], [0, 1]);
    assert.ok(places.every(({ box }) => box.x > 0 && box.x + box.width <= width));
  }
});

function overview({
  rows,
  groups = [],
  ...rest
}: { rows: readonly TrafficRow[]; groups?: readonly ClientGroup[] } & Partial<TrafficAnswer>): Pick<
  Overview,
  "traffic" | "clients"
> {
  const reports = { clients: 1, of: 1, windowSeconds: 10, lagSeconds: 2 };
  return {
    traffic: { revision: 1, overrides: [], held: [], places: [], ...rest, rows, reports },
    clients: { clients: 0, synced: 0, groups, troubled: [], troubledLeftOut: 0 },
  };
}

function row(
  from: string,
  to: string,
  weightPercent?: number,
  observed?: { percent?: number; rps: number; errorPercent?: number },
): TrafficRow {
  return {
    ...{ service: "report", from, to, use: "share", priority: 0, endpoints: { serving: 1, total: 1 } },
    ...(weightPercent !== undefined && { weightPercent }),
    ...(observed && { observed }),
  };
}

function group(kind: "envoy" | "grpc", locality: string, clients: number): ClientGroup {
  return { kind, role: "edge", locality, clients, types: { CDS: {}, LDS: {}, EDS: {}, RDS: {} } };
}
