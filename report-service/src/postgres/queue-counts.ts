import type { QueueLength, QueueLimits } from "../model/admission.ts";
import type { TenantId } from "../model/names.ts";
import type { WorkerCluster } from "../model/report.ts";
import { arrayOf } from "./array.ts";
import type { Database } from "./database.ts";

export type Lane = { readonly cluster: WorkerCluster; readonly tenant: TenantId };
export type Counted = QueueLength & { readonly ofTenant: number };

/** How much waits, counted as often as the limits need it: creates that are far from them must not count each time. */
export type QueueCounts = {
  /** Of each lane's cluster, and of its tenant there, by `laneOf`; exactly where it may matter. */
  read(lanes: readonly Lane[], limits: QueueLimits, adding: number): Promise<ReadonlyMap<string, Counted>>;
  /** What this process has just queued. */
  add(lane: Lane, count: number): void;
};

// Other servers add as well, as many as this one within so long; four of them are allowed for.
const keptMs = { least: 250, most: 2_000 };
const servers = 4;
// How much of the time may go into counting.
const timesCost = 20;

type Known = { readonly counted: number; added: number };

export function createQueueCounts(database: Database): QueueCounts {
  const known = new Map<string, Known>();
  let untilMs = 0;
  let costMs = 0;

  function isNear(name: string, limit: number, adding: number): boolean {
    const before = known.get(name);
    return !before || before.counted + servers * (before.added + adding) >= limit / 2;
  }

  const now = (name: string) => {
    const { counted = 0, added = 0 } = known.get(name) ?? {};
    return counted + added;
  };

  async function count(clusters: readonly WorkerCluster[], lanes: readonly Lane[], limits: QueueLimits): Promise<void> {
    const startedMs = performance.now();
    const rows = await database.query(countStatement, [
      arrayOf(clusters),
      arrayOf(lanes.map(({ cluster }) => cluster)),
      arrayOf(lanes.map(({ tenant }) => tenant)),
      limits.queue,
      limits.tenant,
    ]);
    costMs += performance.now() - startedMs;
    for (const row of rows) known.set(String(row["name"]), { counted: Number(row["waiting"]), added: 0 });
  }

  return {
    async read(lanes, limits, adding) {
      if (performance.now() > untilMs) {
        known.clear();
        untilMs = performance.now() + Math.min(keptMs.most, Math.max(keptMs.least, timesCost * costMs));
        costMs = 0;
      }
      const clusters = [...new Set(lanes.map(({ cluster }) => cluster))];
      const nearClusters = clusters.filter((cluster) => isNear(cluster, limits.queue, adding));
      const nearLanes = lanes.filter((lane) => isNear(laneOf(lane), limits.tenant, adding));
      if (nearClusters.length + nearLanes.length > 0) await count(nearClusters, nearLanes, limits);
      return new Map(
        lanes.map((lane) => [laneOf(lane), { queued: now(lane.cluster), ofTenant: now(laneOf(lane)) }] as const),
      );
    },
    add(lane, count) {
      for (const one of [known.get(lane.cluster), known.get(laneOf(lane))]) if (one) one.added += count;
    },
  };
}

/** No cluster's name: those have no space. */
export function laneOf({ cluster, tenant }: Lane): string {
  return `${cluster} ${tenant}`;
}

// No further than the limits: a count costs as much as what is counted.
const countStatement = {
  name: "count-queue",
  text: `select c.cluster as name,
           (select count(*) from (
              select from jobs j where j.cluster = c.cluster and j.leased_until_ms is null limit $4) as some_jobs)
             as waiting
         from unnest($1::text[]) as c(cluster)
         union all
         select l.cluster || ' ' || l.tenant,
           (select count(*) from (
              select from jobs j where j.cluster = l.cluster and j.priority in ('interactive', 'standard', 'bulk')
                and j.tenant = l.tenant and j.leased_until_ms is null limit $5) as some_jobs)
         from unnest($2::text[], $3::text[]) as l(cluster, tenant)`,
};
