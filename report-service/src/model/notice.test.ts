import assert from "node:assert/strict";
import { test } from "node:test";
import { changeReport } from "./change-report.ts";
import type { KindName, ReportId, TenantId } from "./names.ts";
import { type Notice, nextTryMs } from "./notice.ts";
import { newReport, type Report } from "./report.ts";

const notifyUrl = "https://example.org/hook";

test("a receiver is tried ever more seldom for a day", () => {
  let notice: Notice = { state: "failed", sequence: 3, endedAtMs: 0, tries: 0, dueMs: 0 };
  const waits: number[] = [];
  for (let next = nextTryMs(notice, 0, 0.5); next !== undefined; next = nextTryMs(notice, next, 0.5)) {
    waits.push(next - notice.dueMs);
    notice = { ...notice, tries: notice.tries + 1, dueMs: next };
  }
  assert.deepEqual(waits.slice(0, 4), [5_000, 15_000, 45_000, 135_000]);
  assert.equal(waits.at(-1), 6 * 3_600_000);
  assert.ok(notice.dueMs <= 86_400_000 && notice.dueMs > 64_800_000, String(notice.dueMs));
});

test("what failed together does not come back together", () => {
  const notice: Notice = { state: "failed", sequence: 3, endedAtMs: 0, tries: 0, dueMs: 0 };
  assert.deepEqual([nextTryMs(notice, 0, 0), nextTryMs(notice, 0, 1)], [4_000, 6_000]);
});

test("a report with a receiver has a notice due when it ends, and one without has none", () => {
  const ended = change(change(queued(notifyUrl), { kind: "cancel", message: "" }, 7), { kind: "expire" }, 8);
  assert.deepEqual(ended.notice, { state: "cancelled", sequence: 2, endedAtMs: 7, tries: 0, dueMs: 7 });
  const { notifyUrl: _, ...without } = queued(notifyUrl);
  assert.equal(change(without, { kind: "cancel", message: "" }, 7).notice, undefined);
});

test("of those who try one notice at once, one does, and nobody who watches sees it", () => {
  const ended = change(queued(notifyUrl), { kind: "cancel", message: "" }, 7);
  const tried = change(ended, { kind: "try-notice", sequence: 2, tries: 0, nextMs: 12 }, 7);
  assert.deepEqual([tried.notice?.tries, tried.notice?.dueMs, tried.sequence], [1, 12, ended.sequence]);
  const again = changeReport(tried, { kind: "try-notice", sequence: 2, tries: 0, nextMs: 12 }, 7);
  assert.deepEqual([again.kind, "why" in again && again.why], ["refused", "not-due"]);
});

test("a notice that was given is over, but not the one of a later end", () => {
  const ended = change(queued(notifyUrl), { kind: "cancel", message: "" }, 7);
  assert.equal(change(ended, { kind: "end-notice", sequence: 2 }, 8).notice, undefined);
  const retried = change(ended, { kind: "retry", requestId: "" }, 8);
  assert.equal(retried.notice?.sequence, 2);
  const later = change(retried, { kind: "cancel", message: "" }, 9);
  assert.equal(later.notice?.sequence, 4);
  assert.equal(changeReport(later, { kind: "end-notice", sequence: 2 }, 10).kind, "refused");
});

function queued(url: string): Report {
  const [tenant, id, kind] = ["acme" as TenantId, "a" as ReportId, "sales" as KindName];
  const facts = { tenant, id, kind, parameters: {}, formats: ["csv"], datacenter: "dc-a", createdAtMs: 1 } as const;
  return newReport({ ...facts, notifyUrl: url, retentionMs: 1 });
}

function change(report: Report, what: Parameters<typeof changeReport>[1], nowMs: number): Report {
  const changed = changeReport(report, what, nowMs);
  assert.equal(changed.kind, "changed");
  return changed.report;
}
