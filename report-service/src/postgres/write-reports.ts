import type { ReportKey } from "../model/names.ts";
import { expiresAtMs, type Report } from "../model/report.ts";
import { arrayOf } from "./array.ts";
import type { Database, Statement, Value } from "./database.ts";
import { keyOf } from "./report-rows.ts";
import { isLive } from "./slotted-tables.ts";

/** A report as it is to be, where it still is at `revision`. */
export type Write = { readonly before: Report; readonly after: Report; readonly revision: number };

/** What becomes of a report's job. */
type JobStep = "keep" | "drop" | "lease" | "queue";

export type Written = {
  /** Those that were still at their revision, by `keyOf`. */
  readonly keys: ReadonlySet<string>;
  /** Some jobs were on their way into another slot and not found; `settleJobs`, which looks into all, brings them in line. */
  readonly missedJobs: boolean;
};

/**
 * Writes all in one statement, with the events that watchers may see. Sorted by their keys: two who write the same reports
 * wait for each other instead of for ever.
 */
export async function writeReports(database: Database, writes: readonly Write[], nowMs: number): Promise<Written> {
  const sorted = writes.toSorted((a, b) => (keyOf(a.after) < keyOf(b.after) ? -1 : 1));
  const steps = sorted.map(jobStep);
  const shown = sorted.filter(({ before, after }) => before.sequence !== after.sequence);
  const has = (step: JobStep) => steps.includes(step);
  const statement = writeStatement(sorted.length === 1, {
    events: shown.length > 0,
    drop: has("drop"),
    lease: has("lease"),
    queue: has("queue"),
  });
  const columns = sorted.map((write, index) => valuesOf(write, steps[index] ?? "keep", nowMs));
  const values = columns.length === 1 ? (columns[0] ?? []) : transposed(columns);
  const rows = await database.query(statement, values);
  const keys = new Set(rows.map((row) => `${row["tenant"]}/${row["id"]}`));
  const wanted = sorted.filter((write, index) => touchesJob(steps[index]) && keys.has(keyOf(write.after))).length;
  return { keys, missedJobs: wanted > Number(rows[0]?.["jobs"] ?? 0) };
}

function valuesOf({ before, after, revision }: Write, step: JobStep, nowMs: number): readonly Value[] {
  return [
    ...[after.tenant, after.id, revision, after.status.kind, after.sequence],
    ...[expiresAtMs(after) ?? null, answers(after), JSON.stringify(after)],
    before.sequence === after.sequence ? null : nowMs,
    step,
    after.status.kind === "running" ? after.status.leasedUntilMs : null,
    after.notice?.dueMs ?? null,
  ];
}

/** One array for each column. */
function transposed(rows: readonly (readonly Value[])[]): readonly string[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, column) => arrayOf(rows.map((row) => row[column] ?? null)));
}

/** Brings the jobs of reports in line with what the reports say, whatever made them differ. */
export async function settleJobs(database: Database, reports: readonly ReportKey[]): Promise<void> {
  await database.query(settle, [arrayOf(reports.map(({ tenant }) => tenant)), arrayOf(reports.map(({ id }) => id))]);
}

function jobStep({ before, after }: Write): JobStep {
  const [was, is] = [before.status, after.status];
  const [wasActive, isActive] = [isWaitingOrRunning(was.kind), isWaitingOrRunning(is.kind)];
  if (wasActive && !isActive) return "drop";
  if (!wasActive && isActive) return "queue";
  // Whoever claims has leased the job already.
  if (was.kind === "running" && is.kind === "queued") return "lease";
  const renewed = was.kind === "running" && is.kind === "running" && was.attempt === is.attempt;
  return renewed && was.leasedUntilMs !== is.leasedUntilMs ? "lease" : "keep";
}

function touchesJob(step: JobStep | undefined): boolean {
  return step === "drop" || step === "lease";
}

function isWaitingOrRunning(kind: Report["status"]["kind"]): boolean {
  return kind === "queued" || kind === "running";
}

function answers({ status: { kind } }: Report): boolean {
  return isWaitingOrRunning(kind) || kind === "succeeded";
}

type Parts = { readonly events: boolean; readonly drop: boolean; readonly lease: boolean; readonly queue: boolean };

const names = "tenant, id, revision, state, sequence, expires_ms, answers, body, seen_ms, job, until_ms, notice_ms";
const setAndReturn = `set state = w.state, sequence = w.sequence, expires_ms = w.expires_ms, body = w.body,
         notice_ms = w.notice_ms,
         revision = r.revision + 1, content_key = case when w.answers then r.content_key end`;

/**
 * Only what is needed: each part costs, also where it then finds nothing to do. For one report its tenant is a parameter
 * by itself, so that Postgres opens that tenant's partition and none of the others.
 */
function writeStatement(one: boolean, { events, drop, lease, queue }: Parts): Statement {
  const parts = [
    one
      ? `w as materialized (
           select $1::text as tenant, $2::text as id, $3::bigint as revision, $4::text as state, $5::bigint as sequence,
             $6::bigint as expires_ms, $7::boolean as answers, $8::text as body, $9::bigint as seen_ms, $10::text as job,
             $11::bigint as until_ms, $12::bigint as notice_ms)`
      : `w as materialized (
           select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
             $7::boolean[], $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[]) as w(${names}))`,
    `u as (
       update reports r ${setAndReturn} from w
       where ${one ? "r.tenant = $1 and r.id = $2 and r.revision = $3" : "r.tenant = w.tenant and r.id = w.id and r.revision = w.revision"}
       returning r.tenant, r.id, r.kind, r.cluster, r.priority, r.created_ms, w.job, w.until_ms, w.sequence, w.seen_ms, w.body)`,
    events && `e as (insert into events select tenant, id, sequence, seen_ms, body from u where seen_ms is not null)`,
    drop &&
      `d as (delete from jobs j using u where u.job = 'drop' and j.tenant = u.tenant and j.id = u.id and ${isLive("jobs", "j")}
             returning 1)`,
    lease &&
      `l as (update jobs j set leased_until_ms = u.until_ms from u
             where u.job = 'lease' and j.tenant = u.tenant and j.id = u.id and ${isLive("jobs", "j")} returning 1)`,
    queue &&
      `q as (insert into jobs select s.slot, u.cluster, u.priority, u.tenant, u.created_ms, u.id, null, u.kind
             from u, jobs_slot s where u.job = 'queue'
             on conflict (tenant, id, slot) do update set leased_until_ms = null)`,
  ].filter((part) => part !== false);
  const counts = [drop && "(select count(*) from d)", lease && "(select count(*) from l)"].filter(Boolean);
  const name = [one ? "write-one" : "write", events && "events", drop && "drop", lease && "lease", queue && "queue"]
    .filter(Boolean)
    .join("-");
  const jobs = counts.length > 0 ? counts.join(" + ") : "0";
  return { name, text: `with ${parts.join(",\n")}\nselect tenant, id, ${jobs} as jobs from u` };
}

const settle: Statement = {
  name: "settle",
  text: `with k as (
           select w.tenant, w.id, r.state, (r.body::json -> 'status' ->> 'leasedUntilMs')::bigint as until_ms
           from unnest($1::text[], $2::text[]) as w(tenant, id)
           left join reports r on r.tenant = w.tenant and r.id = w.id),
         d as (
           delete from jobs j using k where j.tenant = k.tenant and j.id = k.id
             and (k.state is null or k.state not in ('queued', 'running')))
         update jobs j set leased_until_ms = k.until_ms from k
         where j.tenant = k.tenant and j.id = k.id and k.state in ('queued', 'running')
           and j.leased_until_ms is distinct from k.until_ms`,
};
