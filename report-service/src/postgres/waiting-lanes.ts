import type { QueueLength } from "../model/admission.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority, WorkerCluster } from "../model/report.ts";
import type { Database } from "./database.ts";
import { isLive } from "./slotted-tables.ts";

/** A tenant's waiting jobs of one priority in one cluster. */
export type WaitingLane = {
  readonly cluster: WorkerCluster;
  readonly priority: Priority;
  readonly tenant: TenantId;
  readonly oldestMs: number;
};

// From each lane straight to the next one: the cost is that of the lanes, however much waits in them.
// https://wiki.postgresql.org/wiki/Loose_indexscan. The comparison of the three stands alone: beside "cluster = $1" Postgres begins
// at the cluster's first job each time and steps over all before the lane.
const ofCluster = {
  name: "lanes-of-cluster",
  text: `with recursive lanes as (
           (select j.cluster, j.priority, j.tenant, j.created_ms from jobs j
            where j.leased_until_ms is null and j.cluster = $1 and ${isLive("jobs", "j")}
            order by j.cluster, j.priority, j.tenant, j.created_ms, j.id limit 1)
           union all
           select n.* from lanes l cross join lateral (
             select j.cluster, j.priority, j.tenant, j.created_ms from jobs j
             where j.leased_until_ms is null and (j.cluster, j.priority, j.tenant) > (l.cluster, l.priority, l.tenant)
               and ${isLive("jobs", "j")}
             order by j.cluster, j.priority, j.tenant, j.created_ms, j.id limit 1) n
           where n.cluster = $1)
         select * from lanes`,
};
const clusters = {
  name: "clusters",
  text: `with recursive found as (
           (select j.cluster from jobs j where j.leased_until_ms is null and ${isLive("jobs", "j")}
            order by j.cluster limit 1)
           union all
           select n.cluster from found s cross join lateral (
             select j.cluster from jobs j where j.leased_until_ms is null and j.cluster > s.cluster and ${isLive("jobs", "j")}
             order by j.cluster limit 1) n)
         select cluster from found`,
};

// `limit null` is none.
const waitingUpTo = {
  name: "waiting-up-to",
  text: `select count(*) as queued
         from (select from jobs where cluster = $1 and leased_until_ms is null limit $2) as some_jobs`,
};

export async function readLanes(database: Database, cluster: WorkerCluster): Promise<readonly WaitingLane[]> {
  const rows = await database.query(ofCluster, [cluster]);
  return rows.map((row) => ({
    cluster,
    priority: String(row["priority"]) as Priority,
    tenant: String(row["tenant"]) as TenantId,
    oldestMs: Number(row["created_ms"]),
  }));
}

export type CountWaiting = (cluster: WorkerCluster) => Promise<number>;

/** What waits in a cluster, which costs as much; no more than `most` of it, if that is given. */
export async function countUpTo(database: Database, cluster: WorkerCluster, most: number | null): Promise<number> {
  const [row] = await database.query(waitingUpTo, [cluster, most]);
  return Number(row?.["queued"]);
}

/** Of one cluster, or of all that have something waiting. */
export async function readLength(
  database: Database,
  cluster: WorkerCluster | undefined,
  countWaiting: CountWaiting,
): Promise<QueueLength> {
  const names =
    cluster === undefined ? (await database.query(clusters, [])).map((row) => String(row["cluster"])) : [cluster];
  const lengths = await Promise.all(
    names.map(async (name) => ({
      queued: await countWaiting(name),
      oldest: await readOldest(database, name),
    })),
  );
  const oldest = Math.min(...lengths.map((one) => one.oldest ?? Number.POSITIVE_INFINITY));
  return {
    queued: lengths.reduce((sum, { queued }) => sum + queued, 0),
    ...(Number.isFinite(oldest) && { oldestQueuedAtMs: oldest }),
  };
}

/** When the report that has waited longest was created. */
export async function readOldest(database: Database, cluster: WorkerCluster): Promise<number | undefined> {
  const lanes = await readLanes(database, cluster);
  return lanes.length > 0 ? Math.min(...lanes.map(({ oldestMs }) => oldestMs)) : undefined;
}

const runningStatement = {
  name: "count-running",
  text: "select count(*) as running from jobs where cluster = $1 and leased_until_ms is not null",
};

/** How many reports of a cluster are being made. */
export async function readRunning(database: Database, cluster: WorkerCluster): Promise<number> {
  const [row] = await database.query(runningStatement, [cluster]);
  return Number(row?.["running"] ?? 0);
}
