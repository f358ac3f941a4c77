import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientSummary, Overview, TrafficRow } from "./answers.ts";
import { flowsOf } from "./flows.ts";
import {
  type HistoryAnswer,
  isWhole,
  momentAt,
  ratesOf,
  readHistory,
  type Series,
  trafficThen,
  withNow,
} from "./series.ts";
import { marksOf } from "./series-marks.ts";

const answer: HistoryAnswer = {
  ...{ service: "report", window: "15m", everySeconds: 5 },
  layouts: [
    {
      rows: [
        { from: "*", to: "dc-a", use: "share", priority: 0, weightPercent: 70 },
        { from: "*", to: "dc-b", use: "share", priority: 0, weightPercent: 30 },
      ],
      places: ["dc-a", "dc-b"],
    },
  ],
  moments: [
    {
      ...{ at: "2026-01-01T00:00:00.000Z", revision: 4, layout: 0 },
      rows: [
        [60, 10],
        [20, 0],
      ],
      places: [
        [1, 3],
        [3, 3],
      ],
    },
  ],
};
const began = Date.parse("2026-01-01T00:00:00.000Z");

function now(rps: number, at: number): Overview {
  const row: TrafficRow = {
    ...{ service: "report", from: "*", to: "dc-c", use: "share", priority: 0, weightPercent: 100 },
    ...{ endpoints: { serving: 1, total: 1 }, observed: { rps, percent: 100 } },
  };
  const reports = { clients: 1, of: 1, windowSeconds: 10, lagSeconds: 2 };
  const traffic = { revision: 5, reports, rows: [row], places: [], overrides: [], held: [] };
  return { at, traffic, clients: { groups: [] as ClientSummary["groups"] } } as unknown as Overview;
}

test("each second's numbers go on with what the server remembers, every 5 s, and what is too old goes", () => {
  let series: Series = readHistory(answer);
  for (let second = 1; second <= 1_000; second++) series = withNow(series, now(second, began + 1_000 * second));
  assert.equal(series.moments.length, 181);
  assert.equal(series.moments.at(-1)?.at, began + 1_000_000);
  assert.equal(series.moments[0]?.at, began + 100_000);
  assert.equal(withNow(series, now(1, began + 1_001_000)), series, "between two moments it is the very same");
  assert.deepEqual([isWhole(series, began + 1_010_000), isWhole(series, began + 1_020_000)], [true, false]);
});

test("a moment of then is drawn as now is: with its shares, its errors and what stood there", () => {
  const series = readHistory(answer);
  const moment = momentAt(series, began + 2_000);
  assert.ok(moment);
  const { byRegion, failed } = ratesOf(moment);
  assert.deepEqual(
    [[...byRegion], failed],
    [
      [
        ["dc-a", 60],
        ["dc-b", 20],
      ],
      6,
    ],
  );
  const today = now(1, began);
  const { flows, places } = flowsOf({ ...today, traffic: trafficThen(today, "report", moment) }, "report");
  assert.deepEqual(
    flows.map(({ to, configuredPercent, observedPercent, rps, errorPercent }) =>
      [to, configuredPercent, observedPercent, rps, errorPercent].join(" "),
    ),
    ["dc-a 70 75 60 10", "dc-b 30 25 20 0"],
  );
  assert.deepEqual(
    places.map(({ region, serving, total, state }) => `${region} ${serving}/${total} ${state}`),
    ["dc-a 1/3 hurt", "dc-b 3/3 well"],
  );
});

test("changes within what is shown are marked with who, what and why", () => {
  const change = { kind: "TrafficSplit", name: "report", action: "update" };
  const revision = (number: number, at: string) => {
    return { ...{ revision: number, at, by: "ana", through: "api" as const, reason: "CHG-1" }, changes: [change] };
  };
  const marks = marksOf(readHistory(answer), [
    revision(9, "2026-01-01T00:05:00Z"),
    revision(8, "2026-01-01T00:01:00Z"),
    revision(7, "2025-12-31T23:59:00Z"),
  ]);
  assert.deepEqual(
    marks.map(({ says }) => says),
    ["r8 ana: update TrafficSplit report (CHG-1)", "r9 ana: update TrafficSplit report (CHG-1)"],
  );
});
