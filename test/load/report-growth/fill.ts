import { changeReport, type ReportChange } from "@weir/report-service/src/model/change-report.ts";
import { expiresAtMs, type Report } from "@weir/report-service/src/model/report.ts";
import { arrayOf } from "@weir/report-service/src/postgres/array.ts";
import { openDatabase } from "@weir/report-service/src/sqlite/open-database.ts";
import { createReportRows } from "@weir/report-service/src/sqlite/report-rows.ts";
import { createRequestRows } from "@weir/report-service/src/sqlite/request-rows.ts";
import type pg from "pg";
import { artifactOf, claimant, reportOf } from "./made-reports.ts";

/** Reports `from` to `to` (exclusive) of so many tenants, created a millisecond apart: those that wait, or that have succeeded. */
export type Filling = {
  readonly id: string;
  readonly tenants: number;
  readonly from: number;
  readonly to: number;
  readonly firstMs: number;
  readonly ended: boolean;
};

/** How long a filled report waited, and how long it took. */
export const spentMs = 1_000;
const atOnce = 5_000;

/**
 * Writes what the service would have written, without its waits for the disk and its look at what is there: a million reports
 * in a minute or so. `fill.test.ts` compares the two.
 */
export async function fillSqlite(path: string, filling: Filling): Promise<void> {
  const database = openDatabase(path);
  try {
    database.exec("pragma synchronous = off; pragma cache_size = -400000");
    const [rows, requests] = [createReportRows(database), createRequestRows(database)];
    for (const histories of batches(filling)) {
      await database.transact(() => {
        for (const [first, ...later] of histories) {
          if (!first) continue;
          rows.insert(first, true);
          requests.put(first, { id: first.id, bodyHash: "hash" }, first.createdAtMs);
          let before = first;
          for (const [index, after] of later.entries()) {
            rows.put(after, before, first.createdAtMs + (index + 1) * spentMs);
            before = after;
          }
        }
      });
    }
  } finally {
    database.close();
  }
}

/** The same in Postgres, through a connection that may take its time over a statement. */
export async function fillPostgres(client: pg.Client, filling: Filling): Promise<void> {
  await client.query("set synchronous_commit = off");
  for (const histories of batches(filling)) {
    const lasts = histories.flatMap((history) => history.slice(-1));
    const events = histories.flatMap((history) =>
      history.slice(1).map((report, index) => ({ report, atMs: report.createdAtMs + (index + 1) * spentMs })),
    );
    const column = (value: (report: Report) => string | number | null) => arrayOf(lasts.map(value));
    const event = (value: (one: (typeof events)[number]) => string | number) => arrayOf(events.map(value));
    const values = [
      ...[column(({ tenant }) => tenant), column(({ id }) => id), column(({ createdAtMs }) => createdAtMs)],
      ...[column(({ kind }) => kind), column(({ cluster }) => cluster), column(({ priority }) => priority)],
      ...[column(({ status }) => status.kind), column(({ labels }) => JSON.stringify(labels))],
      ...[column(({ sequence }) => sequence), column((report) => expiresAtMs(report) ?? null)],
      ...[column(({ contentKey = null }) => contentKey), column((report) => JSON.stringify(report))],
      ...[event(({ report }) => report.tenant), event(({ report }) => report.id)],
      ...[event(({ report }) => report.sequence), event(({ atMs }) => atMs)],
      event(({ report }) => JSON.stringify(report)),
    ];
    await client.query(insertAll, values);
  }
}

const insertAll = `
  with w as materialized (
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
      $9::bigint[], $10::bigint[], $11::text[], $12::text[])
      as w(tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, expires_ms, content_key, body)),
  r as (
    insert into reports (tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, revision, expires_ms,
      content_key, body)
    select tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, created_ms + sequence - 1, expires_ms,
      content_key, body from w),
  e as (
    insert into events (tenant, report, sequence, time_ms, body)
    select * from unnest($13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::text[])),
  q as (
    insert into requests (tenant, id, body_hash, report, created_ms) select tenant, id, 'hash', id, created_ms from w)
  insert into jobs (slot, cluster, priority, tenant, created_ms, id, kind)
  select s.slot, w.cluster, w.priority, w.tenant, w.created_ms, w.id, w.kind from w, jobs_slot s where w.state = 'queued'`;

/** The states that each report goes through, for so many reports at a time. */
function* batches({ id, tenants, from, to, firstMs, ended }: Filling): Generator<readonly (readonly Report[])[]> {
  for (let first = from; first < to; first += atOnce) {
    yield Array.from({ length: Math.min(atOnce, to - first) }, (_, offset) => {
      const index = first + offset;
      const report = reportOf(id, tenants, index, firstMs + index);
      return ended ? historyOf(report) : [report];
    });
  }
}

function historyOf(report: Report): readonly Report[] {
  const { worker, datacenter, leaseMs } = claimant;
  const changes: readonly ReportChange[] = [
    { kind: "claim", worker, datacenter, leaseMs },
    { kind: "succeed", attempt: 1, artifacts: [artifactOf(report)] },
  ];
  const history = [report];
  for (const [index, change] of changes.entries()) {
    const after = changeReport(history.at(-1) ?? report, change, report.createdAtMs + (index + 1) * spentMs);
    if (after.kind !== "changed") throw new Error(`a report that was to be filled in could not ${change.kind}`);
    history.push(after.report);
  }
  return history;
}
