import type { Report } from "../model/report.ts";
import type { Creation } from "../ports/report-store.ts";
import { arrayOf } from "./array.ts";
import type { Database, Row } from "./database.ts";
import { reportOf } from "./report-rows.ts";

type KnownRequest = { readonly bodyHash: string; readonly createdAtMs: number; readonly report: Report | undefined };

/** What is there already: by `tenant/key`, where the key is a request id, a content key, or a report id. */
export type Found = {
  readonly requests: Map<string, KnownRequest>;
  readonly contents: Map<string, Report>;
  readonly ids: Map<string, Report>;
};

const lookUpStatement = {
  name: "look-up-creates",
  text: `select 'request' as by, q.tenant, q.id as key, q.body_hash, q.created_ms, r.body
         from unnest($1::text[], $2::text[]) as w(tenant, id)
         join requests q on q.tenant = w.tenant and q.id = w.id
         left join reports r on r.tenant = q.tenant and r.id = q.report
         union all
         select 'content', r.tenant, r.content_key, null, null, r.body
         from unnest($3::text[], $4::text[]) as w(tenant, key)
         join reports r on r.tenant = w.tenant and r.content_key = w.key
         union all
         select 'id', r.tenant, r.id, null, null, r.body
         from unnest($5::text[], $6::text[]) as w(tenant, id)
         join reports r on r.tenant = w.tenant and r.id = w.id`,
};

// Of one tenant, as most creates are that come alone: Postgres then opens that tenant's partition and none of the others.
// LATERAL with a limit, one look for each: while there are few rows, "= any" and joins prefer to read all of the tenant's.
const lookUpOfTenant = {
  name: "look-up-creates-of-tenant",
  text: `select 'request' as by, q.tenant, q.id as key, q.body_hash, q.created_ms, r.body
         from unnest($2::text[]) as w(id) cross join lateral (
           select * from requests q where q.tenant = $1 and q.id = w.id limit 1) q
         left join lateral (select r.body from reports r where r.tenant = $1 and r.id = q.report limit 1) r on true
         union all
         select 'content', r.tenant, r.content_key, null, null, r.body
         from unnest($3::text[]) as w(key) cross join lateral (
           select * from reports r where r.tenant = $1 and r.content_key = w.key limit 1) r
         union all
         select 'id', r.tenant, r.id, null, null, r.body
         from unnest($4::text[]) as w(id) cross join lateral (
           select * from reports r where r.tenant = $1 and r.id = w.id limit 1) r`,
};

/** Finds what may answer for these creates, in one statement. */
export async function lookUpCreates(
  database: Database,
  creations: readonly Creation[],
  signal?: AbortSignal,
): Promise<Found> {
  const asked = creations.flatMap(({ report: { tenant }, request }) => (request ? [{ tenant, id: request.id }] : []));
  const reusing = creations.filter(({ report, reuseSinceMs }) => reuseSinceMs !== undefined && report.contentKey);
  const [requestIds, contents, ids] = [
    arrayOf(asked.map(({ id }) => id)),
    arrayOf(reusing.map(({ report }) => report.contentKey ?? "")),
    arrayOf(creations.map(({ report }) => report.id)),
  ];
  const tenants = [
    arrayOf(asked.map(({ tenant }) => tenant)),
    arrayOf(reusing.map(({ report }) => report.tenant)),
    arrayOf(creations.map(({ report }) => report.tenant)),
  ] as const;
  const [first] = creations;
  const ofOne = creations.every(({ report }) => report.tenant === first?.report.tenant);
  const rows =
    ofOne && first
      ? await database.query(lookUpOfTenant, [first.report.tenant, requestIds, contents, ids], signal)
      : await database.query(lookUpStatement, [tenants[0], requestIds, tenants[1], contents, tenants[2], ids], signal);
  const found: Found = { requests: new Map(), contents: new Map(), ids: new Map() };
  for (const row of rows) remember(found, row);
  return found;
}

function remember({ requests, contents, ids }: Found, row: Row): void {
  const name = `${row["tenant"]}/${row["key"]}`;
  if (row["by"] === "request") {
    const report = row["body"] === null ? undefined : reportOf(row);
    requests.set(name, { bodyHash: String(row["body_hash"]), createdAtMs: Number(row["created_ms"]), report });
  } else (row["by"] === "content" ? contents : ids).set(name, reportOf(row));
}
