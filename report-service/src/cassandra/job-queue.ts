import { shareOf } from "../model/fair-queue.ts";
import type { KindName, ReportKey, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import type { Bells } from "./bells.ts";
import { changeReportIn } from "./change-report-in.ts";
import type { ClaimTurns } from "./claim-turn.ts";
import type { Hint, Hints } from "./hints.ts";
import type { QueueCounts } from "./queue-counts.ts";
import { hintsOf, runningIn, type StoredReport, type WaitingValue, waitingIn } from "./report-hints.ts";
import type { ReportRows } from "./report-rows.ts";
import { type Lane, nextLane, type Turns } from "./turns.ts";

export type QueueParts = {
  readonly rows: ReportRows;
  readonly hints: Hints;
  readonly bells: Bells;
  readonly counts: QueueCounts;
  readonly turns: ClaimTurns;
};

/** What is looked through of each piece of a queue: those who wait behind so many others wait. */
const mostLooked = 2_000;
// Reports of other servers, and leases that run out, ring no bell.
const lookEveryMs = 250;

export type Running = { readonly all: readonly Hint[]; has(tenant: TenantId, kind?: string): number };

/** What runs in a cluster, as its hints say; the lease of the first ends first. */
export async function runningOf(hints: Hints, cluster: string): Promise<Running> {
  const all = await hints.oldest(runningIn(cluster), { limit: 100_000 });
  return {
    all,
    has: (tenant, kind) => all.filter((one) => one.tenant === tenant && (!kind || one.value === kind)).length,
  };
}

export function createCassandraQueue({ rows, hints, bells, counts, turns }: QueueParts): JobQueue {
  async function claim(claimant: Claimant, most: number, nowMs: number, first: Turns) {
    const waiting = await hints.oldest(waitingIn(claimant.cluster), { limit: mostLooked });
    const running = await runningOf(hints, claimant.cluster);
    const claimed: Report[] = [];
    for (const hint of running.all) {
      if (hint.atMs > nowMs || claimed.length >= most) break;
      if (claimant.paused?.includes(hint.value as KindName)) continue;
      const report = await claimOne(hint, claimant, nowMs);
      if (report) claimed.push(report);
    }
    let now = first;
    const lanes = lanesOf(waiting, running, claimant);
    while (claimed.length < most) {
      const next = nextLane(now, lanes.open(), claimant.shares);
      if (!next) break;
      const [hint] = next.lane.waiting;
      if (!hint) break;
      const report = await claimOne(hint, claimant, nowMs);
      lanes.took(hint, report !== undefined);
      if (!report) continue;
      now = next.turns;
      claimed.push(report);
    }
    return { turns: now, result: claimed };
  }

  /** Undefined where the hint was out of date. */
  async function claimOne(hint: Hint, claimant: Claimant, nowMs: number): Promise<Report | undefined> {
    const { worker, datacenter, leaseMs } = claimant;
    const key = keyOf(hint);
    const before = await rows.read(key);
    if (!before) return undefined;
    if (!isTrue(hint, before)) {
      // One that is ahead of its report tells of a change that is being made.
      if (before.revision >= hint.revision) await hints.remove([hint]);
      return undefined;
    }
    const after = await changeReportIn(rows, key, { kind: "claim", worker, datacenter, leaseMs }, nowMs);
    return after?.kind === "changed" ? after.report : undefined;
  }

  return {
    async claim(claimant, most, nowMs) {
      const [waiting, running] = await Promise.all([
        hints.oldest(waitingIn(claimant.cluster), { limit: 1 }),
        hints.oldest(runningIn(claimant.cluster), { limit: 1, untilMs: nowMs }),
      ]);
      if (waiting.length === 0 && running.length === 0) return [];
      return (await turns.within(claimant.cluster, (first) => claim(claimant, most, nowMs, first))) ?? [];
    },
    wait: (_cluster, signal) => bells.rung("any", lookEveryMs, signal),
    length: (cluster) => counts.length(cluster),
    running: async (cluster) => (await hints.oldest(runningIn(cluster), { limit: 100_000 })).length,
  };
}

export function keyOf({ tenant, id }: Hint): ReportKey {
  return { tenant: tenant as TenantId, id: id as ReportKey["id"] };
}

function isTrue(hint: Hint, stored: StoredReport): boolean {
  return hintsOf(stored).some(
    ({ kind, atMs, revision }) => kind === hint.kind && atMs === hint.atMs && revision === hint.revision,
  );
}

/** What waits, by tenant and priority, without what may not be claimed now. */
function lanesOf(waiting: readonly Hint[], running: Running, { shares, paused = [], perTenant }: Claimant) {
  const claimed: Hint[] = [];
  const gone = new Set<Hint>();
  const value = ({ value: text }: Hint) => JSON.parse(text) as WaitingValue;
  const all = Map.groupBy(waiting, (hint) => `${value(hint).priority} ${hint.tenant}`);
  const runs = (tenant: string, kind?: string) =>
    running.has(tenant as TenantId, kind) +
    claimed.filter((hint) => hint.tenant === tenant && (!kind || value(hint).kind === kind)).length;

  const mayRun = (hint: Hint): boolean => {
    const { kind } = value(hint);
    const limit = perTenant?.get(kind as KindName) ?? Number.POSITIVE_INFINITY;
    return !gone.has(hint) && !paused.includes(kind as KindName) && runs(hint.tenant, kind) < limit;
  };
  return {
    open: (): readonly Lane<Hint>[] =>
      [...all.values()].flatMap((ofLane) => {
        const [first] = ofLane;
        if (!first) return [];
        const tenant = first.tenant as TenantId;
        const isFull = runs(tenant) >= shareOf(shares, tenant).concurrency;
        return [{ priority: value(first).priority, tenant, waiting: isFull ? [] : ofLane.filter(mayRun) }];
      }),
    took(hint: Hint, hasClaimed: boolean): void {
      gone.add(hint);
      if (hasClaimed) claimed.push(hint);
    },
  };
}
