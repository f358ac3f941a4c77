import { changeReport } from "../model/change-report.ts";
import { prioritiesOf, shareOf } from "../model/fair-queue.ts";
import type { Report, WorkerCluster } from "../model/report.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import { createBarredKinds } from "./barred-kinds.ts";
import { anyReport, type ChangeFeed, type Subscription } from "./change-feed.ts";
import type { Database } from "./database.ts";
import { createReportRows, reportOf } from "./report-rows.ts";
import { topicOf } from "./report-store.ts";

// A lease that runs out makes no change that could wake anyone, so idle workers also look this often.
const leaseCheckMs = 500;

/** The queue within the same SQLite file as the reports: what is queued is what the table says. */
export function createSqliteQueue(database: Database, feed: ChangeFeed): JobQueue {
  const rows = createReportRows(database);
  const { lanes } = rows;
  const subscriptions = new Map<WorkerCluster, Subscription>();
  const oldestLost = database.prepare(
    `select body from reports where state = 'running' and cluster = ? and leased_until_ms <= ?
     and kind not in (select value from json_each(?))
     order by leased_until_ms limit 1`,
  );
  const barred = createBarredKinds(database);
  const oldestOf = database.prepare(
    `select body from reports where state = 'queued' and cluster = ? and priority = ? and tenant = ?
     and kind not in (select value from json_each(?))
     order by created_ms, id limit 1`,
  );

  const runningIn = database.prepare("select count(*) as count from reports where state = 'running' and cluster = ?");

  function lost({ cluster, paused = [] }: Claimant, nowMs: number): Report | undefined {
    const row = oldestLost.get(cluster, nowMs, JSON.stringify(paused));
    return row && reportOf(row);
  }

  function next(claimant: Claimant): Report | undefined {
    const { cluster, shares } = claimant;
    for (const priority of prioritiesOf(lanes.nextTurn(cluster))) {
      for (const lane of lanes.inOrder(cluster, priority)) {
        const kinds = barred(claimant, lane.tenant);
        const row = kinds && oldestOf.get(cluster, priority, lane.tenant, JSON.stringify(kinds));
        if (!row) continue;
        lanes.serve(lane, shareOf(shares, lane.tenant));
        return reportOf(row);
      }
    }
    return undefined;
  }

  function claimOne(claimant: Claimant, nowMs: number): Report | undefined {
    const { worker, datacenter, leaseMs } = claimant;
    const before = lost(claimant, nowMs) ?? next(claimant);
    if (!before) return undefined;
    const after = changeReport(before, { kind: "claim", worker, datacenter, leaseMs }, nowMs);
    if (after.kind === "changed") rows.put(after.report, before, nowMs);
    return after.report;
  }

  function claim(claimant: Claimant, most: number, nowMs: number): readonly Report[] {
    const claimed: Report[] = [];
    while (claimed.length < most) {
      const report = claimOne(claimant, nowMs);
      if (!report) break;
      claimed.push(report);
    }
    return claimed;
  }

  return {
    async claim(claimant, most, nowMs) {
      // The first look takes no lock: idle workers must not queue up behind those that write.
      if (lanes.length(claimant.cluster).queued === 0 && !lost(claimant, nowMs)) return [];
      const claimed = await database.transact(() => claim(claimant, most, nowMs));
      for (const report of claimed) feed.announce(topicOf(report));
      return claimed;
    },
    async wait(cluster, signal) {
      // Kept from the first wait on: a change between a fruitless claim and the next wait must not be missed.
      const subscription = subscriptions.get(cluster) ?? feed.subscribe(anyReport);
      subscriptions.set(cluster, subscription);
      await subscription.rung(signal, leaseCheckMs);
    },
    async length(cluster) {
      return lanes.length(cluster);
    },
    async running(cluster) {
      return Number(runningIn.get(cluster)?.["count"] ?? 0);
    },
  };
}
