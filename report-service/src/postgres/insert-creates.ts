import type { Report } from "../model/report.ts";
import { requestIdMs } from "../ports/report-store.ts";
import { arrayOf } from "./array.ts";
import type { Database, Query } from "./database.ts";
import type { Inserts } from "./plan-creates.ts";
import { keyOf } from "./report-rows.ts";

const insertStatement = {
  name: "insert-creates",
  text: `with r as (
           insert into reports (tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, revision,
             content_key, body)
           select tenant, id, created_ms, kind, cluster, priority, 'queued', labels, 1, created_ms, content_key, body
           from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[],
             $9::text[]) as w(tenant, id, created_ms, kind, cluster, priority, labels, content_key, body)),
         q as (
           insert into requests (tenant, id, body_hash, report, created_ms)
           select * from unnest($10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[]))
         insert into jobs (slot, cluster, priority, tenant, created_ms, id, kind)
         select s.slot, w.* from jobs_slot s,
           unnest($5::text[], $6::text[], $1::text[], $3::bigint[], $2::text[], $4::text[]) as w`,
};
const forgetRequests = {
  name: "forget-requests",
  text: `delete from requests q using unnest($1::text[], $2::text[], $3::bigint[]) as w(tenant, id, before_ms)
         where q.tenant = w.tenant and q.id = w.id and (q.created_ms <= w.before_ms
           or not exists (select from reports r where r.tenant = q.tenant and r.id = q.report))`,
};
const giveUpContents = {
  name: "give-up-contents",
  text: `update reports r set content_key = null from unnest($1::text[], $2::text[]) as w(tenant, id)
         where r.tenant = w.tenant and r.id = w.id`,
};

/** Writes all of them or none; throws what `isDuplicate` tells where another server was faster. */
export async function insertCreates(database: Database, inserts: Inserts, signal?: AbortSignal): Promise<void> {
  const { reports, requests, staleRequests, staleContents } = inserts;
  if (reports.length === 0 && requests.length === 0) return;
  const values = insertValues(inserts);
  if (staleRequests.length === 0 && staleContents.length === 0) {
    await database.query(insertStatement, values, signal);
    return;
  }
  await database.transact(async (query: Query) => {
    await query(forgetRequests, [
      arrayOf(staleRequests.map(({ report }) => report.tenant)),
      arrayOf(staleRequests.map(({ request }) => request.id)),
      arrayOf(staleRequests.map(({ atMs }) => atMs - requestIdMs)),
    ]);
    await query(giveUpContents, [
      arrayOf(staleContents.map(({ tenant }) => tenant)),
      arrayOf(staleContents.map(({ id }) => id)),
    ]);
    await query(insertStatement, values);
  });
}

/** Sorted: two that write the same keys wait for each other instead of for ever. */
function insertValues({ reports, requests }: Inserts) {
  const rows = reports.toSorted((a, b) => (keyOf(a.report) < keyOf(b.report) ? -1 : 1));
  const keys = requests.toSorted((a, b) => (a.request.id < b.request.id ? -1 : 1));
  const column = (value: (report: Report) => string | number) => arrayOf(rows.map(({ report }) => value(report)));
  return [
    column(({ tenant }) => tenant),
    column(({ id }) => id),
    column(({ createdAtMs }) => createdAtMs),
    column(({ kind }) => kind),
    column(({ cluster }) => cluster),
    column(({ priority }) => priority),
    column(({ labels }) => JSON.stringify(labels)),
    arrayOf(rows.map(({ report, answers }) => (answers ? (report.contentKey ?? null) : null))),
    column((report) => JSON.stringify(report)),
    arrayOf(keys.map(({ report }) => report.tenant)),
    arrayOf(keys.map(({ request }) => request.id)),
    arrayOf(keys.map(({ request }) => request.bodyHash)),
    arrayOf(keys.map(({ report }) => report.id)),
    arrayOf(keys.map(({ atMs }) => atMs)),
  ];
}
