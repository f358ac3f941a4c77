import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { durationText, renderTable } from "./table.ts";
import type { View } from "./view.ts";

const row = (configured: number | "standby", observed: number, errors = 0) => ({
  configured,
  observed,
  requestsPerSecond: observed * 50,
  errors,
});
const view: View = {
  admin: "http://127.0.0.1:18080",
  upForMs: 67_400,
  datacenters: [
    { name: "dc-a", up: 3, of: 3, note: "" },
    { name: "dc-b", up: 0, of: 3, note: "killed" },
    { name: "dc-c", up: 3, of: 3, note: "" },
  ],
  clients: [
    {
      name: "edge-a",
      kind: "Envoy",
      datacenter: "dc-a",
      rows: [row(70, 0.702), row(30, 0.298, 2), row("standby", 0)],
      unanswered: 0,
    },
    {
      name: "proxyless",
      kind: "grpc-js",
      datacenter: "dc-a",
      rows: [row(70, 1), row(30, 0), row("standby", 0)],
      unanswered: 4,
    },
  ],
  requestsPerSecond: 99.6,
  errors: 6,
  reports: {
    queues: [
      { language: "JavaScript", waiting: 0, running: 0 },
      { language: "Python", waiting: 3, running: 1 },
      { language: "SQL", waiting: 0, running: 2 },
    ],
    done: { SQL: 9, JavaScript: 2, Python: 1 },
    failed: 0,
  },
  events: [
    { at: new Date(2026, 0, 1, 10, 0, 0), tone: "plain", says: "first" },
    { at: new Date(2026, 0, 1, 10, 0, 9), tone: "bad", says: "dc-b killed" },
  ],
};

test("a client's row says what is configured, what is observed, and how many failed", () => {
  const lines = renderTable(view, { columns: 120, rows: 40 }, false);
  assert.match(lines[0] ?? "", /not for production.* 1:07$/);
  assert.equal(lines[2], `edge-a     dc-a   3/3        70 %    70.2 %  ${"█".repeat(14)}        35.1       0`);
  assert.equal(
    lines[3],
    `Envoy      dc-b   0/3        30 %    29.8 %  ${"█".repeat(6)}                14.9       2  killed`,
  );
  assert.equal(lines[4], `in dc-a    dc-c   3/3     standby     0.0 %  ${" ".repeat(20)}   0.0       0`);
  assert.ok(lines.includes("           4 got no server's answer"));
  assert.ok(lines.includes("total      100 req/s   6 errors since the start"));
  assert.ok(lines.includes("10:00:09  dc-b killed"));
  assert.ok(lines.some((line) => line.includes("traffic set report dc-a=20 dc-b=80")));
});

test("reports are told by what they are at, and what nobody says is not taken for none", () => {
  const lineOf = (reports: View["reports"]) =>
    renderTable({ ...view, reports }, { columns: 120, rows: 40 }, false).find((line) => line.startsWith("reports"));
  const ended = "12 done: 9 SQL, 2 JavaScript, 1 Python";
  assert.equal(lineOf(view.reports), `reports    3 wait: 3 Python   3 run: 1 Python, 2 SQL   ${ended}   0 failed`);
  const away = { ...view.reports, queues: undefined, failed: 4 };
  assert.equal(lineOf(away), `reports    ? wait   ? run   ${ended}   4 failed`);
  assert.equal(lineOf({ ...view.reports, queues: [] }), `reports    0 wait   0 run   ${ended}   0 failed`);
});

test("a small terminal gets no more lines and columns than it has, and the newest event last of all loses its place", () => {
  for (const rows of [1, 10, 20, 24, 30]) {
    const lines = renderTable(view, { columns: 80, rows }, false);
    assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
    assert.ok(lines.every((line) => line.length <= 80));
  }
  const tight = renderTable(view, { columns: 80, rows: 20 }, false);
  assert.ok(tight.includes("10:00:09  dc-b killed"));
  assert.ok(!tight.includes("10:00:00  first"));
});

test("color changes nothing but the color", () => {
  const size = { columns: 100, rows: 40 };
  assert.deepEqual(renderTable(view, size, true).map(stripVTControlCharacters), renderTable(view, size, false));
});

test("time is minutes and seconds", () => {
  assert.equal(durationText(0), "0:00");
  assert.equal(durationText(3_601_000), "60:01");
});
