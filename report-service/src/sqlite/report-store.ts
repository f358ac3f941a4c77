import { admit, type QueueLimits } from "../model/admission.ts";
import { type Changed, changeReport } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";
import { hasEnded, type Report } from "../model/report.ts";
import {
  type ChangeOf,
  type Created,
  type Creation,
  type Removed,
  type ReportEvent,
  type ReportStore,
  requestIdMs,
} from "../ports/report-store.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";
import { listReports } from "./list-reports.ts";
import { createReportRows } from "./report-rows.ts";
import { createRequestRows } from "./request-rows.ts";

/** Reports in a SQLite file that several servers may share. */
export function createSqliteReports(database: Database, feed: ChangeFeed): ReportStore {
  const rows = createReportRows(database);
  const requests = createRequestRows(database);

  function repeated({ report: { tenant, createdAtMs }, request }: Creation): Created | undefined {
    const known = request && requests.find(tenant, request.id, createdAtMs - requestIdMs);
    const first = known && rows.get({ tenant, id: known.report });
    if (!first) return undefined;
    return { kind: known.bodyHash === request?.bodyHash ? "repeated" : "other-body", report: first };
  }

  function reused({ report, reuseSinceMs }: Creation): Created | undefined {
    if (reuseSinceMs === undefined || report.contentKey === undefined) return undefined;
    const same = rows.getByContent(report.tenant, report.contentKey, reuseSinceMs);
    return same && { kind: "reused", report: same };
  }

  function insert(creation: Creation, limits: QueueLimits): Created {
    const { report, request, reuseSinceMs } = creation;
    const before = repeated(creation);
    if (before) return before;
    const answer = reused(creation) ?? insertNew(report, limits, reuseSinceMs !== undefined);
    const made = answer.kind === "created" || answer.kind === "reused";
    if (request && made) requests.put(answer.report, request, report.createdAtMs);
    return answer;
  }

  function insertNew(report: Report, limits: QueueLimits, answers: boolean): Created {
    const taken = rows.get(report);
    if (taken) return { kind: "id-taken", report: taken };
    const { cluster, tenant, priority, createdAtMs } = report;
    const queue = { ...rows.lanes.length(cluster), ofTenant: rows.lanes.queuedOf(cluster, tenant) };
    const admission = admit(queue, limits, priority, createdAtMs);
    if (admission.kind === "full") return admission;
    rows.insert(report, answers);
    return { kind: "created", report };
  }

  /** What needs no write: the same identical report asked for again and again must not take the lock each time. */
  function withoutLock(creation: Creation): Created | undefined {
    return repeated(creation) ?? (creation.request ? undefined : reused(creation));
  }

  function apply(key: ReportKey, change: ChangeOf["change"], nowMs: number): Changed | undefined {
    const before = rows.get(key);
    if (!before) return undefined;
    const after = changeReport(before, change, nowMs);
    if (after.kind === "changed") rows.put(after.report, before, nowMs);
    return after;
  }

  function announce({ key, change }: ChangeOf, result: Changed | undefined): void {
    if (result?.kind === "changed" && change.kind !== "renew") feed.announce(topicOf(key));
  }

  return {
    async create(creations, limits, signal) {
      signal?.throwIfAborted();
      const early = creations.map(withoutLock);
      if (early.every((one) => one !== undefined)) return early;
      const created = await database.transact(() => {
        signal?.throwIfAborted();
        return creations.map((creation) => insert(creation, limits));
      });
      for (const one of created) if (one.kind === "created") feed.announce(topicOf(one.report));
      return created;
    },
    async read(key, signal) {
      signal?.throwIfAborted();
      return rows.get(key);
    },
    async list(query, signal) {
      signal?.throwIfAborted();
      return listReports(database, query);
    },
    async change(key, change, nowMs) {
      const result = await database.transact(() => apply(key, change, nowMs));
      announce({ key, change }, result);
      return result;
    },
    async changeAll(changes, nowMs) {
      const results = await database.transact(() => changes.map(({ key, change }) => apply(key, change, nowMs)));
      for (const [index, change] of changes.entries()) announce(change, results[index]);
      return results;
    },
    async remove(key, sequence): Promise<Removed> {
      const removed = await database.transact((): Removed => {
        const report = rows.get(key);
        if (!report) return "unknown";
        if (sequence !== undefined && report.sequence !== sequence) return "outdated";
        if (!hasEnded(report)) return "unended";
        rows.remove(report);
        return "removed";
      });
      if (removed === "removed") feed.announce(topicOf(key));
      return removed;
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
        await subscription.rung(signal);
      }
    },
  };
}

/** What the change feed calls a report. */
export function topicOf({ tenant, id }: ReportKey): string {
  return `${tenant}/${id}`;
}
