import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi } from "./testing-api.ts";
import { createTrafficHistory } from "./traffic-history.ts";
import { historyAnswer } from "./traffic-history-routes.ts";

type Traffic = Parameters<ReturnType<typeof createTrafficHistory>["record"]>[0];

const reports = { clients: 1, of: 1, windowSeconds: 10, lagSeconds: 2 };

function traffic(shares: Readonly<Record<string, number>>, rps: number | undefined, revision = 1): Traffic {
  const place = { service: "report", serving: 2, draining: 0, total: 3 };
  return {
    ...{ revision, reports, overrides: [], held: [], dropped: [] },
    rows: Object.entries(shares).map(([to, weightPercent]) => ({
      ...{ service: "report", from: "*", to, use: "share", priority: 0, weightPercent },
      endpoints: { serving: 2, total: 3 },
      ...(rps !== undefined && {
        observed: { rps: (rps * weightPercent) / 100, requests: 10 * rps, errorPercent: 0.5, inProgress: 1 },
      }),
    })),
    places: Object.keys(shares).map((region) => ({ ...place, region })),
  };
}

test("what traffic was is kept for a quarter of an hour every 5 s, and for hours at longer steps, never more", () => {
  const history = createTrafficHistory();
  for (let second = 0; second < 7 * 3_600; second += 5)
    history.record(traffic({ "dc-a": 100 }, second), second * 1_000);
  for (const [window, stepMs] of [
    ["15m", 5_000],
    ["1h", 20_000],
    ["6h", 120_000],
  ] as const) {
    const moments = history.of("report", window);
    assert.equal(moments.length, 180, window);
    assert.deepEqual(
      new Set(moments.slice(1).map(({ at }, index) => at - (moments[index]?.at ?? 0))),
      new Set([stepMs]),
    );
  }
  assert.equal(new Set(history.of("report", "15m").map(({ service }) => service)).size, 1, "rows are kept once");
  assert.deepEqual(history.of("billing", "15m"), []);
});

test("the answer has the rows as they were, before and after a change of them, and null where nobody reported", () => {
  const history = createTrafficHistory();
  history.record(traffic({ "dc-a": 70, "dc-b": 30 }, undefined), 0);
  history.record(traffic({ "dc-a": 70, "dc-b": 30 }, 100), 5_000);
  history.record(traffic({ "dc-a": 20, "dc-b": 80 }, 100, 2), 10_000);
  const { layouts, moments } = historyAnswer("report", "15m", history.of("report", "15m"));
  assert.deepEqual(
    layouts.map(({ rows }) => rows.map(({ to, weightPercent }) => `${to} ${weightPercent}`)),
    [
      ["dc-a 70", "dc-b 30"],
      ["dc-a 20", "dc-b 80"],
    ],
  );
  assert.deepEqual(
    moments.map(({ revision, layout, rows }) => ({ revision, layout, rows })),
    [
      {
        revision: 1,
        layout: 0,
        rows: [
          [null, null],
          [null, null],
        ],
      },
      {
        revision: 1,
        layout: 0,
        rows: [
          [70, 0.5],
          [30, 0.5],
        ],
      },
      {
        revision: 2,
        layout: 1,
        rows: [
          [20, 0.5],
          [80, 0.5],
        ],
      },
    ],
  );
  assert.deepEqual(moments[0]?.places, [
    [2, 3],
    [2, 3],
  ]);
});

test("the history of a service that is not there is refused as its traffic is", async () => {
  await using api = await startTestApi();
  assert.equal((await api.get("/v1/traffic/history?service=nobody")).status, 404);
  assert.equal((await api.get("/v1/traffic/history")).status, 400);
});
