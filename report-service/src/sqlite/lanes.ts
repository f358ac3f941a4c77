import type { QueueLength } from "../model/admission.ts";
import { passAfter, passOnArrival, type Share } from "../model/fair-queue.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority, Report, WorkerCluster } from "../model/report.ts";
import type { Database } from "./database.ts";

/** A tenant's waiting reports of one priority in one cluster. */
export type Lane = {
  readonly cluster: WorkerCluster;
  readonly priority: Priority;
  readonly tenant: TenantId;
  readonly pass: number;
};

/** Counts what waits and remembers whose turn it is; whoever writes holds the write lock. */
export type Lanes = {
  join(report: Report): void;
  leave(report: Report): void;
  /** Tells how many claims this cluster has served, and counts one more. */
  nextTurn(cluster: WorkerCluster): number;
  /** The lanes of a priority, the next one first. */
  inOrder(cluster: WorkerCluster, priority: Priority): Iterable<Lane>;
  serve(lane: Lane, share: Share): void;
  length(cluster?: WorkerCluster): QueueLength;
  queuedOf(cluster: WorkerCluster, tenant: TenantId): number;
};

export function createLanes(database: Database): Lanes {
  const passOf = database.prepare("select pass from passes where cluster = ? and priority = ?");
  const setPass = database.prepare(
    "insert into passes (cluster, priority, pass) values (?, ?, ?) on conflict do update set pass = excluded.pass",
  );
  const join = database.prepare(
    `insert into lanes (cluster, priority, tenant, queued, pass) values (?, ?, ?, 1, ?)
     on conflict do update set queued = queued + 1`,
  );
  const leave = database.prepare(
    "update lanes set queued = queued - 1 where cluster = ? and priority = ? and tenant = ?",
  );
  const removeEmpty = database.prepare(
    "delete from lanes where cluster = ? and priority = ? and tenant = ? and queued <= 0",
  );
  const advance = database.prepare("update lanes set pass = ? where cluster = ? and priority = ? and tenant = ?");
  const lanes = database.prepare(
    "select tenant, pass from lanes where cluster = ? and priority = ? order by pass, tenant",
  );
  const count = database.prepare(
    "insert into clusters (cluster, queued, turn) values (?, ?, 0) on conflict do update set queued = queued + excluded.queued",
  );
  const turn = database.prepare("update clusters set turn = turn + 1 where cluster = ? returning turn");
  const queued = database.prepare("select queued from clusters where cluster = ?");
  const oldest = database.prepare(
    "select min(created_ms) as oldest from reports where state = 'queued' and cluster = ?",
  );
  const allClusters = database.prepare("select cluster from clusters where queued > 0");
  const ofTenant = database.prepare(
    `select coalesce(sum(queued), 0) as queued from lanes
     where cluster = ? and priority in ('interactive', 'standard', 'bulk') and tenant = ?`,
  );

  function lengthOf(cluster: WorkerCluster): QueueLength {
    const waiting = Number(queued.get(cluster)?.["queued"] ?? 0);
    const oldestMs = waiting > 0 ? oldest.get(cluster)?.["oldest"] : undefined;
    return { queued: waiting, ...(typeof oldestMs === "number" && { oldestQueuedAtMs: oldestMs }) };
  }

  return {
    join({ cluster, priority, tenant }) {
      const lastPass = Number(passOf.get(cluster, priority)?.["pass"] ?? 0);
      join.run(cluster, priority, tenant, passOnArrival(lastPass));
      count.run(cluster, 1);
    },
    leave({ cluster, priority, tenant }) {
      leave.run(cluster, priority, tenant);
      removeEmpty.run(cluster, priority, tenant);
      count.run(cluster, -1);
    },
    nextTurn(cluster) {
      return Number(turn.get(cluster)?.["turn"] ?? 1) - 1;
    },
    *inOrder(cluster, priority) {
      for (const row of lanes.iterate(cluster, priority)) {
        yield { cluster, priority, tenant: String(row["tenant"]) as TenantId, pass: Number(row["pass"]) };
      }
    },
    serve({ cluster, priority, tenant, pass }, share) {
      setPass.run(cluster, priority, pass);
      advance.run(passAfter(pass, share), cluster, priority, tenant);
    },
    length(cluster) {
      if (cluster !== undefined) return lengthOf(cluster);
      const lengths = allClusters.all().map((row) => lengthOf(String(row["cluster"])));
      const oldestMs = Math.min(...lengths.map(({ oldestQueuedAtMs }) => oldestQueuedAtMs ?? Number.POSITIVE_INFINITY));
      return {
        queued: lengths.reduce((sum, length) => sum + length.queued, 0),
        ...(Number.isFinite(oldestMs) && { oldestQueuedAtMs: oldestMs }),
      };
    },
    queuedOf(cluster, tenant) {
      return Number(ofTenant.get(cluster, tenant)?.["queued"] ?? 0);
    },
  };
}
