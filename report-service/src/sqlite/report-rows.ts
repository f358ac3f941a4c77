import type { SQLOutputValue } from "node:sqlite";
import type { ReportKey, TenantId } from "../model/names.ts";
import { expiresAtMs, type Report } from "../model/report.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import type { Database } from "./database.ts";
import { createLanes, type Lanes } from "./lanes.ts";

/** Reads and writes single reports; whoever writes holds the write lock (`transact`). */
export type ReportRows = {
  readonly lanes: Lanes;
  get(key: ReportKey): Report | undefined;
  /** The report that answers for this content, if it was created at `sinceMs` or later. */
  getByContent(tenant: TenantId, contentKey: string, sinceMs: number): Report | undefined;
  /** Stores a new report; with `answers` it answers for its content from now on. */
  insert(report: Report, answers: boolean): void;
  /** Stores a report that changed, and its event where watchers may see the change. */
  put(report: Report, before: Report, nowMs: number): void;
  remove(report: Report): void;
  eventsAfter(key: ReportKey, sequence: number): readonly ReportEvent[];
};

type Row = Record<string, SQLOutputValue>;

export function createReportRows(database: Database): ReportRows {
  const lanes = createLanes(database);
  const select = database.prepare("select body from reports where tenant = ? and id = ?");
  const byContent = database.prepare(
    "select body from reports where tenant = ? and content_key = ? and created_ms >= ?",
  );
  const giveUpContent = database.prepare(
    "update reports set content_key = null where tenant = ? and content_key = ? and id <> ?",
  );
  const insertReport = database.prepare(
    `insert into reports (tenant, id, created_ms, kind, cluster, priority, state, content_key, body)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = database.prepare(
    `update reports set ended_ms = ?, expires_ms = ?, notice_ms = ?, state = ?, leased_until_ms = ?, body = ?,
       content_key = case when ? then content_key end
     where tenant = ? and id = ?`,
  );
  const insertEvent = database.prepare(
    "insert into events (tenant, report, sequence, time_ms, body) values (?, ?, ?, ?, ?)",
  );
  const events = database.prepare(
    "select sequence, time_ms, body from events where tenant = ? and report = ? and sequence > ? order by sequence",
  );
  const deletes = [
    database.prepare("delete from reports where tenant = ? and id = ?"),
    database.prepare("delete from events where tenant = ? and report = ?"),
    // SQLite would rather walk all requests of the tenant.
    database.prepare("delete from requests indexed by requests_of_report where tenant = ? and report = ?"),
  ];

  return {
    lanes,
    get({ tenant, id }) {
      const row = select.get(tenant, id);
      return row && reportOf(row);
    },
    getByContent(tenant, contentKey, sinceMs) {
      const row = byContent.get(tenant, contentKey, sinceMs);
      return row && reportOf(row);
    },
    insert(report, answers) {
      const { tenant, id, kind, cluster, priority, createdAtMs, status, sequence, contentKey = null } = report;
      const body = JSON.stringify(report);
      if (answers && contentKey !== null) giveUpContent.run(tenant, contentKey, id);
      const key = answers ? contentKey : null;
      insertReport.run(tenant, id, createdAtMs, kind, cluster, priority, status.kind, key, body);
      insertEvent.run(tenant, id, sequence, createdAtMs, body);
      if (status.kind === "queued") lanes.join(report);
    },
    put(report, before, nowMs) {
      const { tenant, id, status, sequence } = report;
      const endedMs = "endedAtMs" in status ? status.endedAtMs : null;
      const leasedUntilMs = status.kind === "running" ? status.leasedUntilMs : null;
      const expiresMs = expiresAtMs(report) ?? null;
      const answers = status.kind === "queued" || status.kind === "running" || status.kind === "succeeded";
      const body = JSON.stringify(report);
      const noticeMs = report.notice?.dueMs ?? null;
      update.run(endedMs, expiresMs, noticeMs, status.kind, leasedUntilMs, body, answers ? 1 : 0, tenant, id);
      if (sequence !== before.sequence) insertEvent.run(tenant, id, sequence, nowMs, body);
      const [was, is] = [before.status.kind === "queued", status.kind === "queued"];
      if (is && !was) lanes.join(report);
      if (was && !is) lanes.leave(report);
    },
    remove(report) {
      for (const statement of deletes) statement.run(report.tenant, report.id);
      if (report.status.kind === "queued") lanes.leave(report);
    },
    eventsAfter({ tenant, id }, sequence) {
      return events.all(tenant, id, sequence).map((row) => ({
        sequence: Number(row["sequence"]),
        timeMs: Number(row["time_ms"]),
        report: reportOf(row),
      }));
    },
  };
}

/** The report in a row that holds its `body`. */
export function reportOf(row: Row): Report {
  return JSON.parse(String(row["body"])) as Report;
}
