import type { ReportChange } from "../model/change-report.ts";
import type { ReportId, ReportKey, TenantId, UploadId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Chore, CleanUp, Cleared } from "../ports/clean-up.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ChangeReports } from "./change-reports.ts";
import type { Database, Row } from "./database.ts";
import { keyOf, readReports } from "./report-rows.ts";
import { settleJobs } from "./write-reports.ts";

/** Where what is due stands, and since when; an index has it in that order. */
const overdue: Readonly<Record<Chore, { readonly table: string; readonly at: string; readonly also?: string }>> = {
  expired: { table: "reports", at: "expiring_ms" },
  forgotten: { table: "reports", at: "expired_ms" },
  stuck: { table: "jobs", at: "leased_until_ms" },
  requests: { table: "requests", at: "created_ms" },
  abandoned: { table: "uploads", at: "created_ms", also: "and completed_ms is null" },
  outdated: { table: "uploads", at: "completed_ms" },
};

/** $1 is the time, $2 the limit, $3 whence to look. */
function lookFor(chore: Chore): string {
  const { table, at, also = "" } = overdue[chore];
  return `select tenant, id, ${at} as at_ms from ${table}
    where ${at} <= $1 and ${at} >= $3 ${also} order by ${at} limit $2`;
}

/** Those that another cleaner is clearing are passed over. */
function forget(chore: Chore): string {
  const { table } = overdue[chore];
  return `with due as (${lookFor(chore)} for update skip locked)
    delete from ${table} t using due where t.tenant = due.tenant and t.id = due.id returning t.tenant, t.id, due.at_ms`;
}

const forgetReports = `with gone as (${forget("forgotten")}),
  e as (delete from events using gone where events.tenant = gone.tenant and events.report = gone.id),
  q as (delete from requests using gone where requests.tenant = gone.tenant and requests.report = gone.id)
  select tenant, id, at_ms from gone`;

export function createPostgresCleanUp(database: Database, feed: ChangeFeed, changeReports: ChangeReports): CleanUp {
  // Whence the next batch of a round looks. What went before it may still stand in the index: nothing removes that while a
  // transaction is open that somebody forgot, and each batch would step over all of it.
  const reached = new Map<Chore, { readonly beforeMs: number; readonly atMs: number }>();

  async function rowsOf(text: string, chore: Chore, beforeMs: number, limit: number): Promise<readonly Row[]> {
    const before = reached.get(chore);
    const rows = await database.query({ text }, [beforeMs, limit, before?.beforeMs === beforeMs ? before.atMs : 0]);
    // Fewer are the end, or others are at work: whatever is left is found from the front.
    if (rows.length < limit) reached.delete(chore);
    else reached.set(chore, { beforeMs, atMs: Math.max(...rows.map((row) => Number(row["at_ms"]))) });
    return rows;
  }

  async function changeDue(chore: "expired" | "stuck", beforeMs: number, limit: number): Promise<readonly ReportKey[]> {
    const keys = (await rowsOf(lookFor(chore), chore, beforeMs, limit)).map(keyIn);
    const stored = await readReports(database, keys);
    const changes = keys.flatMap((key) => {
      const report = stored.get(keyOf(key))?.report;
      const change = report && (chore === "expired" ? ({ kind: "expire" } as const) : loss(report, beforeMs));
      return change ? [{ key, change }] : [];
    });
    const results = await changeReports(changes, beforeMs, stored);
    const done = changes.flatMap(({ key }, index) => (results[index]?.kind === "changed" ? [key] : []));
    // Jobs that a claimant leased and then died, before its report was running.
    if (chore === "stuck" && done.length < keys.length) await settleJobs(database, keys);
    return done;
  }

  async function clearKeys(chore: Chore, beforeMs: number, limit: number): Promise<readonly ReportKey[]> {
    switch (chore) {
      case "expired":
      case "stuck":
        return changeDue(chore, beforeMs, limit);
      case "forgotten":
        return (await rowsOf(forgetReports, chore, beforeMs, limit)).map(keyIn);
      case "requests":
      case "abandoned":
      case "outdated":
        return (await rowsOf(forget(chore), chore, beforeMs, limit)).map(keyIn);
    }
  }

  return {
    async due(chore, beforeMs, limit) {
      const rows = await database.query({ text: lookFor(chore) }, [beforeMs, limit, 0]);
      return rows.map(keyIn).map((key) => clearedOf(chore, key));
    },
    async clear(chore, beforeMs, limit) {
      const keys = await clearKeys(chore, beforeMs, limit);
      if (chore === "forgotten") feed.announce(keys.map((key) => ({ kind: "report", ...key })));
      return keys.map((key) => clearedOf(chore, key));
    },
  };
}

/** What a running report whose lease has ended lost. */
function loss({ status }: Report, nowMs: number): ReportChange | undefined {
  if (status.kind !== "running" || status.leasedUntilMs > nowMs) return undefined;
  return { kind: "lose", attempt: status.attempt, message: "its server stopped renewing the lease" };
}

function keyIn(row: Row): ReportKey {
  return { tenant: row["tenant"] as TenantId, id: row["id"] as ReportId };
}

function clearedOf(chore: Chore, { tenant, id }: ReportKey): Cleared {
  switch (chore) {
    case "expired":
    case "forgotten":
    case "stuck":
      return { kind: "report", key: { tenant, id } };
    case "abandoned":
    case "outdated":
      return { kind: "upload", key: { tenant, id: String(id) as UploadId } };
    case "requests":
      return { kind: "request", id };
  }
}
