import assert from "node:assert/strict";
import { test } from "node:test";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import { newReport, type Report } from "../model/report.ts";
import { matchesFilter } from "../model/report-filter.ts";
import { parseFilter } from "./parse-filter.ts";

const sales = report({ labels: { team: "x y", "cost-center": "7" }, priority: "bulk" });

test("a report matches what is said of it", () => {
  for (const filter of [
    "",
    "state = QUEUED",
    'state = "QUEUED" AND kind = reportKinds/sales',
    "kind=sales",
    "state != FAILED",
    "-state = FAILED",
    "NOT (state = FAILED OR state = CANCELLED)",
    'create_time >= "2026-11-20T00:00:00Z" create_time < "2026-11-20T00:00:00.001Z"',
    'create_time <= "2026-11-20T01:00:00+01:00"',
    'labels.team = "x y"',
    "labels.team:*",
    "labels:team",
    "labels.cost-center = 7",
    "priority = BULK",
    "priority=PRIORITY_BULK",
    'labels.other != "x"',
    // OR binds more tightly than AND, which is not as in most languages.
    "state = QUEUED AND kind = other OR kind = sales",
  ]) {
    assert.equal(matches(filter), true, filter);
  }
});

test("a report does not match what is not so", () => {
  for (const filter of [
    "state = SUCCEEDED",
    "kind = sale",
    'labels.team = "x"',
    "labels:nothing",
    "NOT labels:team",
    'create_time > "2026-11-20T00:00:00Z"',
    'create_time < "2026-11-20T01:00:00+01:00"',
    "kind = other OR kind = sales AND state = FAILED",
    "priority = INTERACTIVE",
  ]) {
    assert.equal(matches(filter), false, filter);
  }
});

test("a filter that cannot be read is refused with its place and what belongs there", () => {
  const refused: readonly (readonly [filter: string, says: RegExp])[] = [
    ["state", /ends where one of =, !=/],
    ["state =", /ends where a value/],
    ["state = DONE", /no state "DONE" at character 9; there are QUEUED/],
    ["colour = red", /no field "colour".*at character 1; there are state/],
    ["state.x = QUEUED", /no field "state\.x"/],
    ["state > QUEUED", /only = and != at character 7/],
    ["create_time = yesterday", /a time such as/],
    ['create_time > "2026-11-20"', /a time such as/],
    ["(state = QUEUED", /ends where "\)"/],
    ["state = QUEUED)", /needs AND, OR or the end at character 15/],
    ["AND", /needs a field at character 1/],
    ["state = 'QUEUED", /cannot be read at character 9/],
    ["labels = x", /a label's name/],
    [`${"(".repeat(40)}state = QUEUED${")".repeat(40)}`, /nested at most/],
    [`${"NOT ".repeat(40)}state = QUEUED`, /nested at most/],
    ["x".repeat(3_000), /at most 2048 characters/],
    ["state = QUEUED; drop table reports", /no state "QUEUED;"/],
    ["\u0000", /no field|ends where/],
    ["state = \ud800", /no state/],
  ];
  for (const [filter, says] of refused) {
    const parsed = parseFilter(filter);
    assert.ok(!parsed.ok, filter);
    assert.match(parsed.problems[0]?.says ?? "", says);
  }
});

test("a quoted value may hold anything, and is never more than a value", () => {
  const odd = `x" or '1'='1\\ \u00e9\u{1f600}`;
  const parsed = parseFilter(`labels.team = "${odd.replace(/["\\]/g, "\\$&")}"`);
  assert.deepEqual(parsed, { ok: true, value: { kind: "label", name: "team", is: "=", value: odd } });
});

function matches(text: string): boolean {
  const filter = parseFilter(text);
  assert.ok(filter.ok, `${text}: ${JSON.stringify(filter)}`);
  return matchesFilter(sales, filter.value);
}

function report(facts: Partial<Report>): Report {
  return newReport({
    ...{ tenant: "acme" as TenantId, id: "a" as ReportId, kind: "sales" as KindName, parameters: {}, formats: ["csv"] },
    ...{ datacenter: "dc-a", createdAtMs: Date.parse("2026-11-20T00:00:00Z") },
    ...facts,
  });
}
