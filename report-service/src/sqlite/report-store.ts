import type { DatabaseSync } from "node:sqlite";
import { admit, type QueueLength } from "../model/admission.ts";
import { changeReport } from "../model/change-report.ts";
import type { ReportId, ReportKey, TenantId } from "../model/names.ts";
import { hasEnded, type Report } from "../model/report.ts";
import type { Created, ReportEvent, ReportStore, RequestKey } from "../ports/report-store.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { transact } from "./open-database.ts";
import { createReportRows, reportOf } from "./report-rows.ts";

/** Reports in a SQLite file that several servers may share. */
export function createSqliteReports(
  database: DatabaseSync,
  feed: ChangeFeed,
  queueLength: () => QueueLength,
): ReportStore {
  const rows = createReportRows(database);
  const findRequest = database.prepare("select body_hash, report from requests where tenant = ? and id = ?");
  const insertRequest = database.prepare("insert into requests (tenant, id, body_hash, report) values (?, ?, ?, ?)");
  const newest = database.prepare(
    "select body from reports where tenant = ? and (created_ms, id) < (?, ?) order by created_ms desc, id desc limit ?",
  );
  const ended = database.prepare("select tenant, id from reports where ended_ms < ? order by ended_ms limit ?");
  const deletes = [
    database.prepare("delete from reports where tenant = ? and id = ?"),
    database.prepare("delete from events where tenant = ? and report = ?"),
    // SQLite would rather walk all requests of the tenant.
    database.prepare("delete from requests indexed by requests_of_report where tenant = ? and report = ?"),
  ];

  function repeated({ tenant }: Report, request: RequestKey): Created | undefined {
    const known = findRequest.get(tenant, request.id);
    if (!known) return undefined;
    const first = rows.get({ tenant, id: String(known["report"]) as ReportId });
    if (!first) throw new Error(`the request "${request.id}" of ${tenant} names a report that is not in the store`);
    return { kind: known["body_hash"] === request.bodyHash ? "repeated" : "other-body", report: first };
  }

  function insert(report: Report, request: RequestKey | undefined, queueLimit: number): Created {
    const before = request && repeated(report, request);
    if (before) return before;
    const queue = queueLength();
    const admission = admit(queue, queueLimit, report.createdAtMs);
    if (admission.kind === "full") return { ...admission, queued: queue.queued };
    rows.put(report, undefined, report.createdAtMs);
    if (request) insertRequest.run(report.tenant, request.id, request.bodyHash, report.id);
    return { kind: "created", report };
  }

  return {
    async create(report, request, queueLimit) {
      const created = transact(database, () => insert(report, request, queueLimit));
      if (created.kind === "created") feed.announce(topicOf(report));
      return created;
    },
    async read(key) {
      return rows.get(key);
    },
    async list(tenant, limit, after) {
      const { createdAtMs, id } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, id: "" };
      return newest.all(tenant, createdAtMs, id, limit).map(reportOf);
    },
    async change(key, change, nowMs) {
      const result = transact(database, () => {
        const before = rows.get(key);
        if (!before) return undefined;
        const after = changeReport(before, change, nowMs);
        if (after.kind === "changed") rows.put(after.report, before, nowMs);
        return after;
      });
      if (result?.kind === "changed" && change.kind !== "renew") feed.announce(topicOf(key));
      return result;
    },
    async *follow(key, afterSequence, signal): AsyncGenerator<ReportEvent, void> {
      // Subscribed before the first look, so that no change falls between the two.
      using subscription = feed.subscribe(topicOf(key));
      let sequence = afterSequence;
      while (!signal.aborted) {
        const events = rows.eventsAfter(key, sequence);
        for (const event of afterSequence === 0 && sequence === 0 ? events.slice(-1) : events) {
          yield event;
          sequence = event.sequence;
        }
        const present = rows.get(key);
        if (!present || (hasEnded(present) && present.sequence <= sequence)) return;
        await subscription.changed(signal);
      }
    },
    async forget(endedBeforeMs, limit) {
      return transact(database, () => {
        const keys = ended
          .all(endedBeforeMs, limit)
          .map((row): ReportKey => ({ tenant: String(row["tenant"]) as TenantId, id: String(row["id"]) as ReportId }));
        for (const { tenant, id } of keys) for (const statement of deletes) statement.run(tenant, id);
        return keys;
      });
    },
  };
}

/** What the change feed calls a report. */
export function topicOf({ tenant, id }: ReportKey): string {
  return `${tenant}/${id}`;
}
