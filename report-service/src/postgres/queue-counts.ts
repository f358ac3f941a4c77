import type { QueueLength, QueueLimits } from "../model/admission.ts";
import type { TenantId } from "../model/names.ts";
import type { WorkerCluster } from "../model/report.ts";
import { arrayOf } from "./array.ts";
import type { Database } from "./database.ts";

export type Lane = { readonly cluster: WorkerCluster; readonly tenant: TenantId };
export type Counted = QueueLength & { readonly ofTenant: number };

/** How much waits, counted as often as the limits need it: creates that are far from them must not count each time. */
export type QueueCounts = {
  /** For each lane, exactly where it may matter, by `laneOf`. */
  read(lanes: readonly Lane[], limits: QueueLimits, adding: number): Promise<ReadonlyMap<string, Counted>>;
  /** What this process has just queued. */
  add(lane: Lane, count: number): void;
};

// Other servers add as well, as many as this one within so long; four of them are allowed for.
const keptMs = 250;
const servers = 4;

type Known = { readonly counted: Counted; added: number; addedOfTenant: number };

export function createQueueCounts(database: Database): QueueCounts {
  let known = new Map<string, Known>();
  let since = 0;

  function isNear({ counted, added, addedOfTenant }: Known, limits: QueueLimits, adding: number): boolean {
    const all = counted.queued + servers * (added + adding);
    return all >= limits.queue / 2 || counted.ofTenant + servers * (addedOfTenant + adding) >= limits.tenant / 2;
  }

  return {
    async read(lanes, limits, adding) {
      if (Date.now() - since > keptMs) {
        known = new Map();
        since = Date.now();
      }
      const needed = lanes.filter((lane) => {
        const before = known.get(laneOf(lane));
        return !before || isNear(before, limits, adding);
      });
      if (needed.length > 0) {
        const counts = await countLanes(database, needed, limits);
        for (const [name, counted] of counts) known.set(name, { counted, added: 0, addedOfTenant: 0 });
      }
      return new Map(lanes.map((lane) => [laneOf(lane), sum(known.get(laneOf(lane)))]));
    },
    add(lane, count) {
      for (const [name, one] of known) {
        if (name.startsWith(`${lane.cluster} `)) one.added += count;
        if (name === laneOf(lane)) one.addedOfTenant += count;
      }
    },
  };
}

export function laneOf({ cluster, tenant }: Lane): string {
  return `${cluster} ${tenant}`;
}

function sum(known: Known | undefined): Counted {
  if (!known) return { queued: 0, ofTenant: 0 };
  const { counted, added, addedOfTenant } = known;
  return { ...counted, queued: counted.queued + added, ofTenant: counted.ofTenant + addedOfTenant };
}

// No further than the limits: a count costs as much as what is counted.
const count = {
  name: "count-lanes",
  text: `select w.cluster, w.tenant,
           (select count(*) from (
              select from jobs j where j.cluster = w.cluster and j.leased_until_ms is null limit $3) as some_jobs) as queued,
           (select count(*) from (
              select from jobs j where j.cluster = w.cluster and j.priority in ('interactive', 'standard', 'bulk')
                and j.tenant = w.tenant and j.leased_until_ms is null limit $4) as some_jobs) as of_tenant
         from unnest($1::text[], $2::text[]) as w(cluster, tenant)`,
};

async function countLanes(
  database: Database,
  lanes: readonly Lane[],
  limits: QueueLimits,
): Promise<ReadonlyMap<string, Counted>> {
  const rows = await database.query(count, [
    arrayOf(lanes.map(({ cluster }) => cluster)),
    arrayOf(lanes.map(({ tenant }) => tenant)),
    limits.queue,
    limits.tenant,
  ]);
  return new Map(
    rows.map((row) => [
      `${row["cluster"]} ${row["tenant"]}`,
      { queued: Number(row["queued"]), ofTenant: Number(row["of_tenant"]) },
    ]),
  );
}
