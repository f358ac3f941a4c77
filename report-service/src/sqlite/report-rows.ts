import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { ReportKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { ReportEvent } from "../ports/report-store.ts";

/** Reads and writes single reports; whoever writes holds the write lock (`transact`). */
export type ReportRows = {
  get(key: ReportKey): Report | undefined;
  /** Stores a report that changed, and its event where watchers may see the change. */
  put(report: Report, before: Report | undefined, nowMs: number): void;
  eventsAfter(key: ReportKey, sequence: number): readonly ReportEvent[];
};

type Row = Record<string, SQLOutputValue>;

export function createReportRows(database: DatabaseSync): ReportRows {
  const select = database.prepare("select body from reports where tenant = ? and id = ?");
  const upsert = database.prepare(
    `insert into reports (tenant, id, created_ms, ended_ms, state, leased_until_ms, body) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (tenant, id) do update
     set ended_ms = excluded.ended_ms, state = excluded.state, leased_until_ms = excluded.leased_until_ms, body = excluded.body`,
  );
  const insertEvent = database.prepare(
    "insert into events (tenant, report, sequence, time_ms, body) values (?, ?, ?, ?, ?)",
  );
  const events = database.prepare(
    "select sequence, time_ms, body from events where tenant = ? and report = ? and sequence > ? order by sequence",
  );
  return {
    get({ tenant, id }) {
      const row = select.get(tenant, id);
      return row && reportOf(row);
    },
    put(report, before, nowMs) {
      const { tenant, id, status, sequence } = report;
      const endedMs = "endedAtMs" in status ? status.endedAtMs : null;
      const leasedUntilMs = status.kind === "running" ? status.leasedUntilMs : null;
      const body = JSON.stringify(report);
      upsert.run(tenant, id, report.createdAtMs, endedMs, status.kind, leasedUntilMs, body);
      if (sequence !== before?.sequence) insertEvent.run(tenant, id, sequence, nowMs, body);
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
