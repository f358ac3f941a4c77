import { shareOf } from "../model/fair-queue.ts";
import type { KindName, TenantId } from "../model/names.ts";
import type { Claimant } from "../ports/job-queue.ts";
import type { Database } from "./database.ts";

/** The kinds of which a tenant gets nothing now; undefined where it gets nothing at all. */
export type BarredKinds = (claimant: Claimant, tenant: TenantId) => readonly string[] | undefined;

export function createBarredKinds(database: Database): BarredKinds {
  const runningOf = database.prepare(
    "select kind, count(*) as running from reports where state = 'running' and cluster = ? and tenant = ? group by kind",
  );
  return ({ cluster, shares, paused = [], perTenant }, tenant) => {
    let running = 0;
    const full: string[] = [];
    for (const row of runningOf.iterate(cluster, tenant)) {
      const limit = perTenant?.get(String(row["kind"]) as KindName);
      running += Number(row["running"]);
      if (limit !== undefined && Number(row["running"]) >= limit) full.push(String(row["kind"]));
    }
    return running < shareOf(shares, tenant).concurrency ? [...paused, ...full] : undefined;
  };
}
