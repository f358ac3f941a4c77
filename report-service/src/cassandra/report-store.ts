import type { Changed } from "../model/change-report.ts";
import { hasEnded, type Report } from "../model/report.ts";
import { matchesFilter } from "../model/report-filter.ts";
import type { Cursor, ReportEvent, ReportQuery, ReportStore } from "../ports/report-store.ts";
import type { Bells } from "./bells.ts";
import { changeReportIn } from "./change-report-in.ts";
import { type CreateParts, createReport } from "./create-reports.ts";
import type { HintPage, Hints } from "./hints.ts";
import { inParallel } from "./in-parallel.ts";
import { listedIn, monthOf, monthsOf } from "./report-hints.ts";

export type StoreParts = CreateParts & { readonly hints: Hints; readonly bells: Bells };

// Changes of other servers ring no bell here.
const lookEveryMs = 200;
const pageSize = 200;
// Each is read by itself, from a quorum.
const mostLookedAt = 1_000;

/** Reports in Cassandra. What one call creates or changes is done one by one, each of it whole. */
export function createCassandraReports(parts: StoreParts): ReportStore {
  const { rows, intents, hints, bells } = parts;

  type Listed = { readonly place: Cursor; readonly report: Report | undefined };

  /** Also where a report was and is no more. */
  async function* listed({ tenant, order, after }: ReportQuery): AsyncGenerator<Listed> {
    const newestFirst = order === "newest-first";
    const months = (await hints.oldest(monthsOf(tenant), { limit: 10_000 })).map(({ atMs }) => atMs);
    const from = after === undefined ? undefined : monthOf(after.createdAtMs);
    const isBefore = (month: number) => from !== undefined && (newestFirst ? month > from : month < from);
    for (const month of newestFirst ? months.toReversed() : months) {
      if (isBefore(month)) continue;
      let place: HintPage["after"] = after && { atMs: after.createdAtMs, tenant, id: after.id };
      for (;;) {
        const page = await hints.page(listedIn(tenant, month), { newestFirst, after: place, limit: pageSize });
        const found = await inParallel(page, ({ id }) => rows.read({ tenant, id: id as Report["id"] }));
        for (const [index, { atMs, id }] of page.entries()) {
          yield { place: { createdAtMs: atMs, id }, report: found[index]?.report };
        }
        place = page.at(-1);
        if (page.length < pageSize) break;
      }
    }
  }

  async function changeEach(
    changes: Parameters<ReportStore["changeAll"]>[0],
    nowMs: number,
  ): Promise<readonly (Changed | undefined)[]> {
    // Those of one report follow upon each other.
    const byReport = Map.groupBy(changes.entries(), ([, { key }]) => `${key.tenant}/${key.id}`);
    const results: (Changed | undefined)[] = [];
    await inParallel([...byReport.values()], async (ofOne) => {
      for (const [index, { key, change }] of ofOne) results[index] = await changeReportIn(rows, key, change, nowMs);
    });
    return changes.map((_, index) => results[index]);
  }

  return {
    async create(creations, limits, signal) {
      const created = [];
      for (const creation of creations) {
        signal?.throwIfAborted();
        created.push(await createReport(parts, creation, limits));
      }
      return created;
    },
    async read(key, signal) {
      signal?.throwIfAborted();
      return (await rows.read(key))?.report;
    },
    async list(query, signal) {
      const reports: Report[] = [];
      const most = Math.min(query.lookAt, mostLookedAt);
      let lookedAt = 0;
      signal?.throwIfAborted();
      for await (const { place, report } of listed(query)) {
        signal?.throwIfAborted();
        const isFound = report !== undefined && matchesFilter(report, query.filter);
        if (isFound && reports.length === query.limit) return { reports, next: reports.at(-1) };
        if (isFound) reports.push(report);
        lookedAt += 1;
        if (lookedAt === most) return { reports, next: place };
      }
      return { reports, next: undefined };
    },
    change: (key, change, nowMs) => changeReportIn(rows, key, change, nowMs),
    changeAll: changeEach,
    async remove(key, sequence) {
      for (;;) {
        const before = await rows.read(key);
        if (!before) return "unknown";
        if (sequence !== undefined && before.report.sequence !== sequence) return "outdated";
        if (!hasEnded(before.report)) return "unended";
        await intents.forget(key);
        if (await rows.remove(before)) return "removed";
      }
    },
    async *follow(key, afterSequence, signal): AsyncGenerator<ReportEvent, void> {
      let sequence = afterSequence;
      while (!signal.aborted) {
        const events = await rows.eventsAfter(key, sequence);
        for (const event of afterSequence === 0 && sequence === 0 ? events.slice(-1) : events) {
          yield event;
          sequence = event.sequence;
        }
        const present = await rows.read(key);
        if (!present || (hasEnded(present.report) && present.report.sequence <= sequence)) return;
        if (present.report.sequence > sequence) continue;
        await bells.rung(key, lookEveryMs, signal);
      }
    },
  };
}
