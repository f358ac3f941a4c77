import { claimFunctions } from "./claim-functions.ts";
import { manySlotsOf, slotsOf } from "./slotted-tables.ts";

/**
 * One step of the schema, which is one transaction. Steps that were released never change. A new one first only adds
 * (`usableFrom` stays): servers of the version before go on meanwhile. What they need is removed by a later step, which
 * raises `usableFrom` to the first version that does without it.
 */
export type Migration = { readonly sql: string; readonly usableFrom: number };

const partitions = 8;

// By hash of the tenant, so that whatever is unique is so within one partition, and a tenant's list reads just one.
// Autovacuum and its settings work per partition: each is vacuumed in an eighth of the time.
function partitioned(table: string, settings: string): string {
  return Array.from(
    { length: partitions },
    (_, remainder) =>
      `create table ${table}_${remainder} partition of ${table}
         for values with (modulus ${partitions}, remainder ${remainder}) with (${settings});`,
  ).join("\n");
}

// "C": ids are compared byte by byte, as JavaScript and SQLite do it.
const first = `
  create table reports (
    tenant text collate "C" not null,
    id text collate "C" not null,
    created_ms bigint not null,
    kind text not null,
    cluster text collate "C" not null,
    priority text collate "C" not null,
    state text not null,
    labels jsonb not null,
    sequence bigint not null,
    -- Begins at created_ms, so that who remembers a report never takes a later one of its id for it; grows with each write.
    -- Who writes names the revision that it has read.
    revision bigint not null,
    expires_ms bigint,
    -- When its receiver is to be told of its end, where it has one.
    notice_ms bigint,
    -- Of the one report that answers for its content; those that ended without a result give it up.
    content_key text collate "C",
    -- Text, not jsonb: strings may hold U+0000, which jsonb refuses.
    body text not null,
    primary key (tenant, id)
  ) partition by hash (tenant);
  ${partitioned("reports", "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05")}
  -- Without the id: equal times are sorted when they are listed. While a table is small, an index that begins with the
  -- tenant looks as good for finding one row of it by its key as the key's own, and a prepared statement that has chosen it
  -- reads all rows of the tenant, until the next ANALYZE. The other collation orders alike, and serves only those who name
  -- it.
  create index reports_latest on reports ((tenant collate "POSIX"), created_ms);
  create unique index reports_content on reports (tenant, content_key) where content_key is not null;
  create index reports_expiring on reports (expires_ms) where expires_ms is not null;
  create index reports_notices on reports (notice_ms) where notice_ms is not null;

  -- Every state but the first, which follows from the report.
  create table events (
    tenant text collate "C" not null,
    report text collate "C" not null,
    sequence bigint not null,
    time_ms bigint not null,
    body text not null,
    primary key (tenant, report, sequence)
  ) partition by hash (tenant);
  ${partitioned("events", "autovacuum_vacuum_insert_scale_factor = 0.1")}

  create table requests (
    tenant text collate "C" not null,
    id text collate "C" not null,
    body_hash text not null,
    report text collate "C" not null,
    created_ms bigint not null,
    primary key (tenant, id)
  ) partition by hash (tenant);
  ${partitioned("requests", "autovacuum_vacuum_scale_factor = 0.05")}
  create index requests_by_report on requests (report, tenant);
  create index requests_oldest on requests (created_ms);

  create table uploads (
    tenant text collate "C" not null,
    id text collate "C" not null,
    created_ms bigint not null,
    completed_ms bigint,
    request text collate "C",
    body_hash text,
    body text not null,
    primary key (tenant, id)
  );
  create unique index uploads_request on uploads (tenant, request) where request is not null;
  create index uploads_abandoned on uploads (created_ms) where completed_ms is null;
  create index uploads_outdated on uploads (completed_ms) where completed_ms is not null;

  -- A row for each report that waits or runs.
  create table jobs (
    slot smallint not null,
    cluster text collate "C" not null,
    priority text collate "C" not null,
    tenant text collate "C" not null,
    created_ms bigint not null,
    id text collate "C" not null,
    leased_until_ms bigint,
    kind text not null,
    primary key (tenant, id, slot)
  ) partition by list (slot);
  ${slotsOf("jobs")}
  create index jobs_waiting on jobs (cluster, priority, tenant, created_ms, id) where leased_until_ms is null;
  create index jobs_leased on jobs (cluster, leased_until_ms) where leased_until_ms is not null;
  create index jobs_running on jobs (cluster, tenant) where leased_until_ms is not null;

  ${claimFunctions(1)}
  -- What workers have put and writers have not written yet.
  create sequence results_positions;
  create table results (
    slot smallint not null,
    position bigint not null default nextval('results_positions'),
    put_ms bigint not null,
    taken_until_ms bigint not null default 0,
    body text not null,
    primary key (position, slot)
  ) partition by list (slot);
  ${slotsOf("results")}

  -- What is queued, where a broker is to be told of it. Filled by triggers, see outbox.ts.
  create sequence outbox_positions;
  create table outbox (
    slot smallint not null,
    position bigint not null default nextval('outbox_positions'),
    tenant text collate "C" not null,
    report text collate "C" not null,
    cluster text collate "C" not null,
    priority text collate "C" not null,
    held_until_ms bigint not null default 0,
    primary key (position, slot)
  ) partition by list (slot);
  ${slotsOf("outbox")}
  create function enter_outbox() returns trigger language plpgsql as $$
  begin
    insert into outbox (slot, tenant, report, cluster, priority)
    select slot, new.tenant, new.id, new.cluster, new.priority from outbox_slot;
    return null;
  end $$;
`;

// Two columns: what looks for the one kind never steps over the other, and no index depends on the state, which changes with
// every claim: such a change would have to write all indexes of its row.
const expiry = `
  alter table reports
    -- When it is to expire, until it has.
    add column expiring_ms bigint generated always as (case when state <> 'expired' then expires_ms end) stored,
    -- When it was due to, once it has.
    add column expired_ms bigint generated always as (case when state = 'expired' then expires_ms end) stored;
  drop index reports_expiring;
  create index reports_expiring on reports (expiring_ms) where expiring_ms is not null;
  create index reports_expired on reports (expired_ms) where expired_ms is not null;
`;

// While somebody's old transaction keeps both slots of a table from being truncated, there must be others.
const manySlots = `
  ${["jobs", "results", "outbox"].map(manySlotsOf).join("")}
  ${claimFunctions(2)}
`;

// What a broker refuses of a lane: out of the way of the others, and by lanes, as each is tried by itself.
const refusedLanes = `
  create table outbox_refused (
    cluster text collate "C" not null,
    priority text collate "C" not null,
    position bigint not null,
    tenant text collate "C" not null,
    report text collate "C" not null,
    held_until_ms bigint not null default 0,
    primary key (cluster, priority, position)
  );
`;

/** A database is brought from its version to the last one. */
export const migrations: readonly Migration[] = [
  { sql: first, usableFrom: 1 },
  { sql: expiry, usableFrom: 1 },
  { sql: manySlots, usableFrom: 1 },
  { sql: refusedLanes, usableFrom: 1 },
];
