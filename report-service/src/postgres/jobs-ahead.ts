import type { JobQueue } from "../ports/job-queue.ts";
import type { Database } from "./database.ts";

const count = {
  name: "jobs-ahead",
  text: `select count(*) as ahead from (
           select from jobs where cluster = $1 and priority = $2 and tenant = $3 and leased_until_ms is null
             and (created_ms, id) < ($4::bigint, $5) limit $6::int) as some_jobs`,
};

/** Counts along the index by which jobs are taken. */
export function countPostgresJobsAhead(database: Database): NonNullable<JobQueue["ahead"]> {
  return async ({ cluster, priority, tenant, createdAtMs, id }, most) => {
    const [row] = await database.query(count, [cluster, priority, tenant, createdAtMs, id, most]);
    return Number(row?.["ahead"]);
  };
}
