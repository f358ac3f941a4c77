import { admit, type QueueLimits } from "../model/admission.ts";
import type { Report } from "../model/report.ts";
import { type Created, type Creation, type RequestKey, requestIdMs } from "../ports/report-store.ts";
import { arrayOf } from "./array.ts";
import type { Database, Query, Row } from "./database.ts";
import { isDuplicate } from "./failure.ts";
import { laneOf, type QueueCounts } from "./queue-counts.ts";
import { keyOf, reportOf } from "./report-rows.ts";
import { readOldest } from "./waiting-lanes.ts";

export type CreateReports = (
  creations: readonly Creation[],
  limits: QueueLimits,
  signal?: AbortSignal,
) => Promise<readonly Created[]>;

// Each try that meets another server's create learns of at least that one.
const tries = 50;

/**
 * Looks up what is there, decides each create in turn, and writes all that is new in one statement. Unique keys decide
 * between those who do so at once: who comes second looks again, and finds what the first one wrote.
 */
export function createCreateReports(database: Database, counts: QueueCounts): CreateReports {
  return async (creations, limits, signal) => {
    for (let triesLeft = tries; ; triesLeft -= 1) {
      const found = await lookUp(database, creations, signal);
      const fresh = creations.filter((creation) => !answerOf(creation, found));
      const lanes = distinctLanes(fresh.map(({ report }) => report));
      const lengths = lanes.length > 0 ? await counts.read(lanes, limits, fresh.length) : new Map();
      const oldest = new Map<string, number>();
      const plan = planCreates(creations, found, limits, lengths, oldest);
      const full = plan.answers.filter(({ kind }) => kind === "full");
      if (full.length > 0 && oldest.size === 0) {
        for (const { cluster } of lanes) oldest.set(cluster, (await readOldest(database, cluster)) ?? 0);
      }
      const { answers, inserts } = full.length > 0 ? planCreates(creations, found, limits, lengths, oldest) : plan;
      try {
        await insert(database, inserts, signal);
      } catch (error) {
        if (triesLeft === 0 || !isDuplicate(error)) throw error;
        continue;
      }
      for (const { report } of inserts.reports) counts.add(report, 1);
      return answers;
    }
  };
}

type KnownRequest = { readonly bodyHash: string; readonly createdAtMs: number; readonly report: Report | undefined };

/** What is there already: by tenant and request id, content key, or report id. */
type Found = {
  readonly requests: Map<string, KnownRequest>;
  readonly contents: Map<string, Report>;
  readonly ids: Map<string, Report>;
};

type NewRequest = { readonly report: Report; readonly request: RequestKey; readonly atMs: number };

type Inserts = {
  readonly reports: readonly { readonly report: Report; readonly answers: boolean }[];
  readonly requests: readonly NewRequest[];
  /** Request ids that are no longer remembered, or whose report is gone. */
  readonly staleRequests: readonly NewRequest[];
  /** Content that an older report answered for, which is too old. */
  readonly staleContents: readonly Report[];
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

async function lookUp(database: Database, creations: readonly Creation[], signal?: AbortSignal): Promise<Found> {
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

/** The answer to a create for which nothing is to be made. */
function answerOf(creation: Creation, found: Found): Created | undefined {
  return repeated(creation, found) ?? reused(creation, found) ?? taken(creation, found);
}

function repeated({ report, request }: Creation, { requests }: Found): Created | undefined {
  const known = request && requests.get(`${report.tenant}/${request.id}`);
  if (!known?.report || known.createdAtMs <= report.createdAtMs - requestIdMs) return undefined;
  return { kind: known.bodyHash === request?.bodyHash ? "repeated" : "other-body", report: known.report };
}

function reused({ report, reuseSinceMs }: Creation, { contents }: Found): Created | undefined {
  if (reuseSinceMs === undefined || report.contentKey === undefined) return undefined;
  const same = contents.get(`${report.tenant}/${report.contentKey}`);
  return same && same.createdAtMs >= reuseSinceMs ? { kind: "reused", report: same } : undefined;
}

function taken({ report }: Creation, { ids }: Found): Created | undefined {
  const other = ids.get(keyOf(report));
  return other && { kind: "id-taken", report: other };
}

type Lengths = ReadonlyMap<string, { readonly queued: number; readonly ofTenant: number }>;

/** Decides each in turn; what one makes, those after it find. */
function planCreates(
  creations: readonly Creation[],
  stored: Found,
  limits: QueueLimits,
  lengths: Lengths,
  oldest: ReadonlyMap<string, number>,
): { readonly answers: readonly Created[]; readonly inserts: Inserts } {
  const found: Found = {
    requests: new Map(stored.requests),
    contents: new Map(stored.contents),
    ids: new Map(stored.ids),
  };
  const inserts = {
    reports: [] as { report: Report; answers: boolean }[],
    requests: [] as NewRequest[],
    staleRequests: [] as NewRequest[],
    staleContents: [] as Report[],
  };

  function one(creation: Creation): Created {
    const { report, request } = creation;
    const before = repeated(creation, found);
    if (before) return before;
    const answer = reused(creation, found) ?? taken(creation, found) ?? make(creation);
    if (request && (answer.kind === "created" || answer.kind === "reused")) keepRequest(answer.report, request, report);
    return answer;
  }

  function make({ report, reuseSinceMs }: Creation): Created {
    const { cluster, tenant, priority, createdAtMs, contentKey } = report;
    const length = lengths.get(laneOf(report)) ?? { queued: 0, ofTenant: 0 };
    const here = inserts.reports.filter((other) => other.report.cluster === cluster);
    const ofTenant = length.ofTenant + here.filter((other) => other.report.tenant === tenant).length;
    const oldestMs = oldest.get(cluster);
    const queue = {
      queued: length.queued + here.length,
      ofTenant,
      ...(oldestMs !== undefined && { oldestQueuedAtMs: oldestMs }),
    };
    const admission = admit(queue, limits, priority, createdAtMs);
    if (admission.kind === "full") return admission;
    const answers = reuseSinceMs !== undefined && contentKey !== undefined;
    if (answers) {
      const name = `${tenant}/${contentKey}`;
      const older = found.contents.get(name);
      const mine = inserts.reports.find((other) => other.report === older);
      if (mine) mine.answers = false;
      else if (older) inserts.staleContents.push(older);
      found.contents.set(name, report);
    }
    inserts.reports.push({ report, answers });
    found.ids.set(keyOf(report), report);
    return { kind: "created", report };
  }

  function keepRequest(answer: Report, request: RequestKey, asked: Report): void {
    const name = `${asked.tenant}/${request.id}`;
    const kept = { report: answer, request, atMs: asked.createdAtMs };
    if (found.requests.has(name)) inserts.staleRequests.push(kept);
    found.requests.set(name, { bodyHash: request.bodyHash, createdAtMs: asked.createdAtMs, report: answer });
    inserts.requests.push(kept);
  }

  return { answers: creations.map(one), inserts };
}

const insertStatement = {
  name: "insert-creates",
  text: `with r as (
           insert into reports (tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, revision,
             content_key, body)
           select tenant, id, created_ms, kind, cluster, priority, 'queued', labels, 1, 1, content_key, body
           from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[],
             $9::text[]) as w(tenant, id, created_ms, kind, cluster, priority, labels, content_key, body)),
         q as (
           insert into requests (tenant, id, body_hash, report, created_ms)
           select * from unnest($10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[]))
         insert into jobs (slot, cluster, priority, tenant, created_ms, id, kind)
         select s.slot, w.* from queue_slot s,
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

async function insert(database: Database, inserts: Inserts, signal?: AbortSignal): Promise<void> {
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

function distinctLanes(reports: readonly Report[]): readonly Report[] {
  return [...new Map(reports.map((report) => [laneOf(report), report])).values()];
}
