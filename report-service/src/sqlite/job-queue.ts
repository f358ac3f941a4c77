import type { DatabaseSync } from "node:sqlite";
import type { QueueLength } from "../model/admission.ts";
import { changeReport } from "../model/change-report.ts";
import type { Report } from "../model/report.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import { anyReport, type ChangeFeed, type Subscription } from "./change-feed.ts";
import { transact } from "./open-database.ts";
import { createReportRows, reportOf } from "./report-rows.ts";
import { topicOf } from "./report-store.ts";

// A lease that runs out makes no change that could wake anyone, so idle workers also look this often.
const leaseCheckMs = 500;

/** The queue within the same SQLite file as the reports: what is queued is what the table says. */
export function createSqliteQueue(database: DatabaseSync, feed: ChangeFeed): JobQueue & { lengthNow(): QueueLength } {
  const rows = createReportRows(database);
  let subscription: Subscription | undefined;
  const oldestQueued = database.prepare("select body from reports where state = 'queued' order by created_ms limit 1");
  const oldestLost = database.prepare(
    "select body from reports where state = 'running' and leased_until_ms <= ? order by leased_until_ms limit 1",
  );
  const length = database.prepare(
    "select count(*) as queued, min(created_ms) as oldest from reports where state = 'queued'",
  );

  function candidate(nowMs: number): Report | undefined {
    const row = oldestLost.get(nowMs) ?? oldestQueued.get();
    return row && reportOf(row);
  }

  function claim({ worker, datacenter, leaseMs }: Claimant, nowMs: number): Report | undefined {
    const before = candidate(nowMs);
    if (!before) return undefined;
    const after = changeReport(before, { kind: "claim", worker, datacenter, leaseMs }, nowMs);
    if (after.kind === "changed") rows.put(after.report, before, nowMs);
    return after.report;
  }

  function lengthNow(): QueueLength {
    const row = length.get();
    const oldest = row?.["oldest"];
    const queued = Number(row?.["queued"] ?? 0);
    return typeof oldest === "number" ? { queued, oldestQueuedAtMs: oldest } : { queued };
  }

  return {
    async claim(claimant, nowMs) {
      // The first look takes no lock: idle workers must not queue up behind those that write.
      if (!candidate(nowMs)) return undefined;
      const report = transact(database, () => claim(claimant, nowMs));
      if (report) feed.announce(topicOf(report));
      return report;
    },
    async wait(signal) {
      // Kept from the first wait on: a change between a fruitless claim and the next wait must not be missed.
      subscription ??= feed.subscribe(anyReport);
      await subscription.changed(signal, leaseCheckMs);
    },
    async length() {
      return lengthNow();
    },
    lengthNow,
  };
}
