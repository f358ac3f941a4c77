import type { SQLOutputValue } from "node:sqlite";
import { changeReport, type ReportChange } from "../model/change-report.ts";
import type { ReportId, TenantId, UploadId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Chore, CleanUp, Cleared } from "../ports/clean-up.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Database, Statement } from "./database.ts";
import { createReportRows } from "./report-rows.ts";
import { topicOf } from "./report-store.ts";

export function createSqliteCleanUp(database: Database, feed: ChangeFeed): CleanUp {
  const rows = createReportRows(database);
  const overdue: Readonly<Record<Chore, Statement>> = {
    expired: database.prepare(
      "select tenant, id from reports where expires_ms <= ? and state <> 'expired' order by expires_ms limit ?",
    ),
    forgotten: database.prepare(
      "select tenant, id from reports where expires_ms <= ? and state = 'expired' order by expires_ms limit ?",
    ),
    stuck: database.prepare(
      "select tenant, id from reports where state = 'running' and leased_until_ms <= ? order by leased_until_ms limit ?",
    ),
    requests: database.prepare("select tenant, id from requests where created_ms <= ? order by created_ms limit ?"),
    abandoned: database.prepare(
      "select tenant, id from uploads where created_ms <= ? and completed_ms is null order by created_ms limit ?",
    ),
    outdated: database.prepare("select tenant, id from uploads where completed_ms <= ? order by completed_ms limit ?"),
  };
  const forgetRequest = database.prepare("delete from requests where tenant = ? and id = ?");
  const forgetUpload = database.prepare("delete from uploads where tenant = ? and id = ?");

  function due(chore: Chore, beforeMs: number, limit: number): readonly Due[] {
    return overdue[chore].all(beforeMs, limit).map((row) => dueOf(chore, row));
  }

  function clearOne({ tenant, cleared }: Due, chore: Chore, nowMs: number): void {
    if (cleared.kind === "request") return void forgetRequest.run(tenant, cleared.id);
    if (cleared.kind === "upload") return void forgetUpload.run(tenant, cleared.key.id);
    const before = rows.get(cleared.key);
    if (!before) return;
    if (chore === "forgotten") {
      rows.remove(before);
      return;
    }
    const after = changeReport(before, chore === "stuck" ? loss(before) : { kind: "expire" }, nowMs);
    if (after.kind === "changed") rows.put(after.report, before, nowMs);
  }

  return {
    async due(chore, beforeMs, limit) {
      return due(chore, beforeMs, limit).map(({ cleared }) => cleared);
    },
    async clear(chore, beforeMs, limit) {
      const cleared = await database.transact(() => {
        const found = due(chore, beforeMs, limit);
        for (const one of found) clearOne(one, chore, beforeMs);
        return found.map((one) => one.cleared);
      });
      for (const one of cleared) if (one.kind === "report") feed.announce(topicOf(one.key));
      return cleared;
    },
  };
}

type Due = { readonly tenant: TenantId; readonly cleared: Cleared };

function loss({ attempts }: Report): ReportChange {
  return { kind: "lose", attempt: attempts.length, message: "its lease has ended and no worker took it over" };
}

function dueOf(chore: Chore, row: Record<string, SQLOutputValue>): Due {
  const [tenant, id] = [String(row["tenant"]) as TenantId, String(row["id"])];
  switch (chore) {
    case "expired":
    case "forgotten":
    case "stuck":
      return { tenant, cleared: { kind: "report", key: { tenant, id: id as ReportId } } };
    case "abandoned":
    case "outdated":
      return { tenant, cleared: { kind: "upload", key: { tenant, id: id as UploadId } } };
    case "requests":
      return { tenant, cleared: { kind: "request", id } };
  }
}
