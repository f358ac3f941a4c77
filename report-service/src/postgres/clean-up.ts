import type { ReportChange } from "../model/change-report.ts";
import type { ReportId, ReportKey, TenantId, UploadId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Chore, CleanUp, Cleared } from "../ports/clean-up.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ChangeReports } from "./change-reports.ts";
import type { Database, Row } from "./database.ts";
import { keyOf, readReports } from "./report-rows.ts";
import { settleJobs } from "./write-reports.ts";

// $1 is the time, $2 the limit. Those that another cleaner is clearing are passed over.
const overdue: Readonly<Record<Chore, string>> = {
  expired: "select tenant, id from reports where expires_ms <= $1 and state <> 'expired' order by expires_ms limit $2",
  forgotten: "select tenant, id from reports where expires_ms <= $1 and state = 'expired' order by expires_ms limit $2",
  stuck: "select tenant, id from jobs where leased_until_ms <= $1 order by leased_until_ms limit $2",
  requests: "select tenant, id from requests where created_ms <= $1 order by created_ms limit $2",
  abandoned:
    "select tenant, id from uploads where created_ms <= $1 and completed_ms is null order by created_ms limit $2",
  outdated: "select tenant, id from uploads where completed_ms <= $1 order by completed_ms limit $2",
};

function forget(table: "requests" | "uploads", chore: Chore): string {
  return `with due as (${overdue[chore]} for update skip locked)
    delete from ${table} t using due where t.tenant = due.tenant and t.id = due.id returning t.tenant, t.id`;
}

const forgetReports = `with due as (${overdue.forgotten} for update skip locked),
  gone as (delete from reports t using due where t.tenant = due.tenant and t.id = due.id returning t.tenant, t.id),
  e as (delete from events using gone where events.tenant = gone.tenant and events.report = gone.id),
  q as (delete from requests using gone where requests.tenant = gone.tenant and requests.report = gone.id)
  select tenant, id from gone`;

export function createPostgresCleanUp(database: Database, feed: ChangeFeed, changeReports: ChangeReports): CleanUp {
  async function rowsOf(text: string, beforeMs: number, limit: number): Promise<readonly Row[]> {
    return database.query({ text }, [beforeMs, limit]);
  }

  async function changeDue(chore: "expired" | "stuck", beforeMs: number, limit: number): Promise<readonly ReportKey[]> {
    const keys = (await rowsOf(overdue[chore], beforeMs, limit)).map(keyIn);
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
        return (await rowsOf(forgetReports, beforeMs, limit)).map(keyIn);
      case "requests":
        return (await rowsOf(forget("requests", chore), beforeMs, limit)).map(keyIn);
      case "abandoned":
      case "outdated":
        return (await rowsOf(forget("uploads", chore), beforeMs, limit)).map(keyIn);
    }
  }

  return {
    async due(chore, beforeMs, limit) {
      return (await rowsOf(overdue[chore], beforeMs, limit)).map(keyIn).map((key) => clearedOf(chore, key));
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
