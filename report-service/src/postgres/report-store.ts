import { hasEnded } from "../model/report.ts";
import type { Removed, ReportEvent, ReportStore } from "../ports/report-store.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ChangeReports } from "./change-reports.ts";
import type { CreateReports } from "./create-reports.ts";
import type { Database } from "./database.ts";
import type { ReadReports } from "./read-reports.ts";
import { readEvents } from "./report-events.ts";
import { readReport } from "./report-rows.ts";

export type ReportParts = {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly reads: ReadReports;
  readonly createReports: CreateReports;
  readonly changeReports: ChangeReports;
};

// A notification may be lost; whoever follows looks this often by itself.
const lookMs = 5_000;

const remove = {
  name: "remove",
  text: `with gone as (delete from reports where tenant = $1 and id = $2 and revision = $3 returning tenant, id),
         e as (delete from events using gone where events.tenant = gone.tenant and events.report = gone.id),
         q as (delete from requests using gone where requests.tenant = gone.tenant and requests.report = gone.id)
         select id from gone`,
};

export function createPostgresReports(parts: ReportParts): ReportStore {
  const { database, feed, reads, createReports, changeReports } = parts;

  return {
    async create(creations, limits, signal) {
      const created = await createReports(creations, limits, signal);
      feed.announce(
        created.flatMap((one) => {
          if (one.kind !== "created") return [];
          const { cluster, priority, tenant } = one.report;
          return [{ kind: "waiting", cluster, priority, tenant } as const];
        }),
      );
      reads.wrote(created.flatMap((one) => (one.kind === "created" ? [one.report] : [])));
      return created;
    },
    read: (key, signal) => reads.read(key, signal),
    list: (query, signal) => reads.list(query, signal),
    async change(key, change, nowMs) {
      const [result] = await changeReports([{ key, change }], nowMs);
      reads.wrote([key]);
      return result;
    },
    async changeAll(changes, nowMs) {
      const results = await changeReports(changes, nowMs);
      reads.wrote(changes.map(({ key }) => key));
      return results;
    },
    async remove(key, sequence): Promise<Removed> {
      for (;;) {
        const stored = await readReport(database, key);
        if (!stored) return "unknown";
        if (sequence !== undefined && stored.report.sequence !== sequence) return "outdated";
        if (!hasEnded(stored.report)) return "unended";
        const gone = await database.query(remove, [key.tenant, key.id, stored.revision]);
        if (gone.length === 0) continue;
        reads.wrote([key]);
        feed.announce([{ kind: "report", tenant: key.tenant, id: key.id }]);
        return "removed";
      }
    },
    async *follow(key, afterSequence, signal): AsyncGenerator<ReportEvent, void> {
      // Followed before the first look, so that no change falls between the two.
      using bell = feed.follow(key);
      let sequence = afterSequence;
      while (!signal.aborted) {
        const seen = await readEvents(database, key, sequence);
        if (!seen) return;
        for (const event of seen.events) {
          yield event;
          sequence = event.sequence;
        }
        if (seen.ended && seen.sequence <= sequence) return;
        if (seen.sequence > sequence) continue;
        await bell.rung(signal, lookMs);
      }
    },
  };
}
