import type { LookForOldTransactions } from "../ports/old-transactions.ts";
import type { Database } from "./database.ts";

// Of others' sessions only members of pg_read_all_stats see more than that they are there, and their backend_type is null:
// https://www.postgresql.org/docs/current/monitoring-stats.html. Vacuum holds back nothing, though it seems to. A transaction
// that has no snapshot now counts as well: what it has locked keeps a slot of a queue from being truncated.
const look = {
  name: "old-transactions",
  text: `with open as (
           select xact_start as begun, backend_xmin as xmin, datname, backend_type from pg_stat_activity
           where (datname = current_database() or datname is null) and backend_type is distinct from 'autovacuum worker'),
         began as (
           select begun from open where backend_type = 'client backend'
           union all select prepared from pg_prepared_xacts where database = current_database()),
         held as (
           select xmin from open
           union all select transaction from pg_prepared_xacts
           union all select xmin from pg_replication_slots)
         select (select bool_or(backend_type is null) from open where datname is not null) as hidden,
           (select coalesce(max(extract(epoch from clock_timestamp() - begun)), 0)::float8 * 1000 from began) as oldest_ms,
           (select coalesce(max(age(xmin)), 0) from held) as transactions`,
};

export function lookForOldTransactions(database: Database): LookForOldTransactions {
  return async () => {
    const [row] = await database.query(look, []);
    if (!row || row["hidden"]) return undefined;
    return { oldestMs: Math.max(0, Number(row["oldest_ms"])), transactions: Number(row["transactions"]) };
  };
}
