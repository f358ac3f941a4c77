import { type Bell, createBell } from "../lib/bell.ts";
import { shareOf } from "../model/fair-queue.ts";
import type { ReportId, TenantId } from "../model/names.ts";
import type { Report, WorkerCluster } from "../model/report.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import { arrayOf } from "./array.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ChangeReports } from "./change-reports.ts";
import type { Database, Row } from "./database.ts";
import { createFairTurns, type FairTurns, type TurnOf } from "./fair-turns.ts";
import { kindLimitsOf } from "./kind-limits.ts";
import { createQueueLength } from "./queue-length.ts";
import { keyOf, type Stored, storedOf } from "./report-rows.ts";
import { isLive } from "./slotted-tables.ts";
import { readLanes, readRunning } from "./waiting-lanes.ts";
import { settleJobs } from "./write-reports.ts";

// A lease that runs out makes no change that could wake anyone, and a notification may be lost.
const lookMs = 500;
// Lanes that one statement looks at; most calls need the first.
const lanesAtOnce = 16;
// How much of the time may go into looking for lanes that nobody has told of.
const timesLookCost = 20;

type Cluster = {
  readonly turns: FairTurns;
  readonly bell: Bell;
  /** As of this look, no lease ends before. */
  leasesEndMs: number;
  leasesSeenMs: number;
  lookAgainMs: number;
};

const soonestLease = {
  name: "soonest-lease",
  text: `select j.leased_until_ms as until_ms from jobs j
         where j.cluster = $1 and j.leased_until_ms is not null and ${isLive("jobs", "j")}
         order by j.leased_until_ms limit 1`,
};
const takeLost = {
  name: "take-lost",
  text: `with off as materialized (select set_config('synchronous_commit', 'off', true)),
         picked as (
           select j.slot, j.tenant, j.id from jobs j, off where j.cluster = $1 and j.leased_until_ms <= $2
             and j.kind <> all ($5::text[]) and ${isLive("jobs", "j")}
           order by j.leased_until_ms limit $3 for update of j skip locked),
         leased as (
           update jobs j set leased_until_ms = $4 from picked p
           where j.slot = p.slot and j.tenant = p.tenant and j.id = p.id returning j.tenant, j.id)
         select l.tenant, l.id, r.body, r.revision
         from leased l left join reports r on r.tenant = l.tenant and r.id = l.id`,
};
const take = {
  name: "take-jobs",
  text: "select * from take_jobs_2($1, $2::text[], $3::text[], $4::int[], $5, $6, $7, $8, $9)",
};

/**
 * The queue is the table `jobs`. A claim leases a job in a transaction of its own, which need not be on disk, and then
 * writes the running report: whoever dies in between leaves a lease that runs out.
 */
export function createPostgresQueue(
  database: Database,
  feed: ChangeFeed,
  changeReports: ChangeReports,
): JobQueue & Disposable {
  const clusters = new Map<WorkerCluster, Cluster>();
  const hearing = feed.hearWaiting((waiting) => {
    if (waiting === "missed") {
      for (const { bell } of clusters.values()) bell.ring();
      return;
    }
    const cluster = clusters.get(waiting.cluster);
    cluster?.turns.join(waiting);
    cluster?.bell.ring();
  });

  function clusterOf(name: WorkerCluster): Cluster {
    const before = clusters.get(name);
    if (before) return before;
    const cluster = { turns: createFairTurns(), bell: createBell(), leasesEndMs: 0, leasesSeenMs: 0, lookAgainMs: 0 };
    clusters.set(name, cluster);
    return cluster;
  }

  async function claimLost(cluster: Cluster, claimant: Claimant, most: number, nowMs: number): Promise<Report[]> {
    // The clock of Postgres may have been set back meanwhile.
    if (nowMs < cluster.leasesEndMs && nowMs >= cluster.leasesSeenMs) return [];
    const [soonest] = await database.query(soonestLease, [claimant.cluster]);
    const untilMs = nowMs + claimant.leaseMs;
    const [paused] = kindLimitsOf(claimant);
    const soonestMs = soonest ? Number(soonest["until_ms"]) : Number.POSITIVE_INFINITY;
    // Others lease as long as this one does, and nobody shortens a lease.
    cluster.leasesEndMs = Math.min(soonestMs, untilMs);
    cluster.leasesSeenMs = nowMs;
    if (soonestMs > nowMs) return [];
    return claimRows(await database.query(takeLost, [claimant.cluster, nowMs, most, untilMs, paused]), claimant, nowMs);
  }

  async function look(cluster: Cluster, name: WorkerCluster): Promise<void> {
    const startedMs = performance.now();
    cluster.turns.replace(await readLanes(database, name));
    const tookMs = performance.now() - startedMs;
    cluster.lookAgainMs = performance.now() + Math.max(lookMs, timesLookCost * tookMs);
  }

  async function claimWaiting(cluster: Cluster, claimant: Claimant, most: number, nowMs: number): Promise<Report[]> {
    const taken: Row[] = [];
    const busy = new Set<string>();
    let looked = false;
    if (performance.now() > cluster.lookAgainMs) {
      await look(cluster, claimant.cluster);
      looked = true;
    }
    while (taken.length < most) {
      const lanes = cluster.turns.inOrder(lanesAtOnce + busy.size).filter((lane) => !busy.has(nameOf(lane)));
      if (lanes.length === 0) {
        if (looked) break;
        await look(cluster, claimant.cluster);
        looked = true;
        continue;
      }
      // Where nobody else waits, nobody is passed over.
      const severally = cluster.turns.size() === 1 && !claimant.perTenant?.size;
      taken.push(...(await takeFrom(lanes, severally ? most - taken.length : 1, cluster, claimant, busy, nowMs)));
    }
    // In one write, which is what costs: the leases hold meanwhile.
    return claimRows(taken, claimant, nowMs);
  }

  async function takeFrom(
    lanes: readonly TurnOf[],
    wanted: number,
    { turns }: Cluster,
    claimant: Claimant,
    busy: Set<string>,
    nowMs: number,
  ): Promise<readonly Row[]> {
    const rows = await database.query(take, [
      claimant.cluster,
      arrayOf(lanes.map(({ priority }) => priority)),
      arrayOf(lanes.map(({ tenant }) => tenant)),
      arrayOf(lanes.map(({ tenant }) => shareOf(claimant.shares, tenant).concurrency)),
      wanted,
      nowMs + claimant.leaseMs,
      ...kindLimitsOf(claimant),
    ]);
    const takenRows: Row[] = [];
    for (const row of rows) {
      const lane = lanes[Number(row["lane"]) - 1];
      if (!lane) continue;
      if (row["why"] === "empty") turns.leave(lane);
      if (row["why"] === "busy") busy.add(nameOf(lane));
      if (row["why"] !== "taken") continue;
      turns.serve(lane, claimant.shares);
      takenRows.push(row);
    }
    return takenRows;
  }

  /** Makes running reports of leased jobs; whose report is not to be claimed any more is put right. */
  async function claimRows(rows: readonly Row[], claimant: Claimant, nowMs: number): Promise<Report[]> {
    if (rows.length === 0) return [];
    const { worker, datacenter, leaseMs } = claimant;
    const change = { kind: "claim", worker, datacenter, leaseMs } as const;
    const stored = new Map<string, Stored>();
    for (const row of rows) {
      if (typeof row["body"] !== "string") continue;
      const one = storedOf(row);
      stored.set(keyOf(one.report), one);
    }
    const keys = rows.map((row) => ({ tenant: row["tenant"] as TenantId, id: row["id"] as ReportId }));
    const results = await changeReports(
      keys.map((key) => ({ key, change })),
      nowMs,
      stored,
    );
    const refused = keys.filter((_, index) => results[index]?.kind !== "changed");
    if (refused.length > 0) await settleJobs(database, refused);
    const claimed = results.flatMap((result) => (result?.kind === "changed" ? [result.report] : []));
    return claimed.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  return {
    async claim(claimant, most, nowMs) {
      const cluster = clusterOf(claimant.cluster);
      const lost = await claimLost(cluster, claimant, most, nowMs);
      if (lost.length >= most) return lost;
      return [...lost, ...(await claimWaiting(cluster, claimant, most - lost.length, nowMs))];
    },
    wait: (cluster, signal) => clusterOf(cluster).bell.rung(signal, lookMs),
    length: createQueueLength(database),
    running: (cluster) => readRunning(database, cluster),
    [Symbol.dispose]: () => hearing[Symbol.dispose](),
  };
}

function nameOf({ priority, tenant }: TurnOf): string {
  return `${priority} ${tenant}`;
}
