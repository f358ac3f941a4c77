import assert from "node:assert/strict";
import { test } from "node:test";
import { changeReport, type ReportChange } from "./change-report.ts";
import type { KindName, ReportId, TenantId } from "./names.ts";
import { newReport, type Report } from "./report.ts";

const claim: ReportChange = { kind: "claim", worker: "w", datacenter: "dc-a", leaseMs: 100 };
const succeed = (attempt: number): ReportChange => ({ kind: "succeed", attempt, artifacts: [] });
const fail = (attempt: number): ReportChange => ({
  kind: "fail",
  attempt,
  failure: { reason: "RENDER_FAILED", message: "no" },
});
const lose = (attempt: number): ReportChange => ({ kind: "lose", attempt, message: "gone" });
const handBack = (attempt: number): ReportChange => ({ kind: "hand-back", attempt });
const renew = (attempt: number): ReportChange => ({ kind: "renew", attempt, leaseMs: 100 });
const progress = (attempt: number): ReportChange => ({
  kind: "progress",
  attempt,
  progress: { percent: 5, stage: "query", rows: 0 },
});
const cancel: ReportChange = { kind: "cancel", message: "enough" };

type Step = readonly [atMs: number, change: ReportChange, then: string];

// What a report is after each change: its state, or the refusal; then its sequence.
const stories: readonly { readonly title: string; readonly steps: readonly Step[] }[] = [
  {
    title: "a report is claimed and succeeds",
    steps: [
      [0, claim, "running 2"],
      [10, succeed(1), "succeeded 3"],
      [20, claim, "ended 3"],
      [20, cancel, "ended 3"],
    ],
  },
  {
    title: "a report that cannot be made fails at once, without another attempt",
    steps: [
      [0, claim, "running 2"],
      [10, fail(1), "failed 3"],
      [20, claim, "ended 3"],
    ],
  },
  {
    title: "a held report is claimed by nobody else until its lease runs out",
    steps: [
      [0, claim, "running 2"],
      [99, claim, "not-claimable 2"],
      [100, claim, "running 3"],
    ],
  },
  {
    title: "a renewal keeps the lease and is no news",
    steps: [
      [0, claim, "running 2"],
      [90, renew(1), "running 2"],
      [150, claim, "not-claimable 2"],
      [190, claim, "running 3"],
    ],
  },
  {
    title: "whatever comes from an attempt that lost its lease is fenced",
    steps: [
      [0, claim, "running 2"],
      [100, claim, "running 3"],
      [101, renew(1), "fenced 3"],
      [101, progress(1), "fenced 3"],
      [101, succeed(1), "fenced 3"],
      [101, fail(1), "fenced 3"],
      [101, lose(1), "fenced 3"],
      [101, handBack(1), "fenced 3"],
      [102, succeed(2), "succeeded 4"],
    ],
  },
  {
    title: "an attempt that was handed back is fenced, too",
    steps: [
      [0, claim, "running 2"],
      [10, handBack(1), "queued 3"],
      [11, succeed(1), "fenced 3"],
      [12, claim, "running 4"],
      [13, succeed(1), "fenced 4"],
    ],
  },
  {
    title: "a report that loses three workers fails, however it lost them",
    steps: [
      [0, claim, "running 2"],
      [10, lose(1), "queued 3"],
      [20, claim, "running 4"],
      [120, claim, "running 5"],
      [130, lose(3), "failed 6"],
    ],
  },
  {
    title: "a third lease that runs out is found by the next claim",
    steps: [
      [0, claim, "running 2"],
      [100, claim, "running 3"],
      [200, claim, "running 4"],
      [300, claim, "failed 5"],
    ],
  },
  {
    title: "handing back does not count as a loss",
    steps: [
      [0, claim, "running 2"],
      [1, handBack(1), "queued 3"],
      [2, claim, "running 4"],
      [3, handBack(2), "queued 5"],
      [4, claim, "running 6"],
      [5, handBack(3), "queued 7"],
      [6, claim, "running 8"],
      [7, lose(4), "queued 9"],
    ],
  },
  {
    title: "a cancellation ends what waits and what runs, and the worker's result is too late",
    steps: [
      [0, claim, "running 2"],
      [5, progress(1), "running 3"],
      [10, cancel, "cancelled 4"],
      [11, succeed(1), "ended 4"],
      [12, cancel, "ended 4"],
    ],
  },
  { title: "a queued report is cancelled without an attempt", steps: [[0, cancel, "cancelled 2"]] },
];

for (const { title, steps } of stories) {
  test(title, () => {
    let report = fresh();
    for (const [atMs, change, expected] of steps) {
      const result = changeReport(report, change, atMs);
      report = result.report;
      const became = result.kind === "changed" ? report.status.kind : result.why;
      assert.equal(`${became} ${report.sequence}`, expected, `${change.kind} at ${atMs}`);
    }
  });
}

test("each attempt tells who ran it, when, and how it was lost", () => {
  const claimed = changeReport(fresh(), claim, 10).report;
  const { attempts, status } = changeReport(claimed, { ...claim, worker: "x" } as ReportChange, 110).report;
  assert.deepEqual(attempts, [
    {
      number: 1,
      worker: "w",
      datacenter: "dc-a",
      startedAtMs: 10,
      endedAtMs: 110,
      failure: { reason: "WORKER_LOST", message: "its server stopped renewing the lease" },
    },
    { number: 2, worker: "x", datacenter: "dc-a", startedAtMs: 110 },
  ]);
  assert.deepEqual(status, { kind: "running", attempt: 2, leasedUntilMs: 210 });
});

test("what has succeeded is retried only by who says that its bytes were lost, of the report as it is now", () => {
  const running = changeReport(fresh(), claim, 10).report;
  const done = changeReport(running, { kind: "succeed", attempt: 1, artifacts: [] }, 20).report;
  const retry = (lostAt?: number) =>
    changeReport(done, { kind: "retry", requestId: "", ...(lostAt !== undefined && { lostAt }) }, 30);
  assert.equal(retry().kind, "refused");
  assert.equal(retry(done.sequence - 1).kind, "refused");
  const again = retry(done.sequence);
  assert.deepEqual([again.kind, again.report.status], ["changed", { kind: "queued" }]);
  assert.equal(changeReport(running, { kind: "retry", requestId: "", lostAt: running.sequence }, 30).kind, "refused");
});

function fresh(): Report {
  return newReport({
    tenant: "acme" as TenantId,
    id: "dc-a-1" as ReportId,
    kind: "sales" as KindName,
    parameters: {},
    formats: ["csv"],
    datacenter: "dc-a",
    createdAtMs: 0,
  });
}
