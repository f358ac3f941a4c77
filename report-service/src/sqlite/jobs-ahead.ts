import type { JobQueue } from "../ports/job-queue.ts";
import type { Database } from "./database.ts";

/** Counts along the index by which reports are claimed. */
export function countSqliteJobsAhead(database: Database): NonNullable<JobQueue["ahead"]> {
  const count = database.prepare(
    `select count(*) as ahead from (
       select 1 from reports where state = 'queued' and cluster = ? and priority = ? and tenant = ?
         and (created_ms, id) < (?, ?) limit ?)`,
  );
  return async ({ cluster, priority, tenant, createdAtMs, id }, most) =>
    Number(count.get(cluster, priority, tenant, createdAtMs, id, most)?.["ahead"]);
}
