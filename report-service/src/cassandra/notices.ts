import type { Notices } from "../ports/notices.ts";
import type { Hint, Hints } from "./hints.ts";
import { inParallel } from "./in-parallel.ts";
import { keyOf } from "./job-queue.ts";
import { dueNotices } from "./report-hints.ts";
import type { ReportRows } from "./report-rows.ts";

/** How many hints in a row may be out of date before the next look has to go on. */
const mostOutdated = 1_000;

export function createCassandraNotices({ rows, hints }: { rows: ReportRows; hints: Hints }): Notices {
  /** What a hint tells of, if that is still so; a hint that is out of date goes. */
  async function look(hint: Hint) {
    const found = await rows.read(keyOf(hint));
    if (found?.report.notice && found.revision === hint.revision) return found.report;
    // Its report is about to be written.
    if (found && found.revision < hint.revision) return undefined;
    await hints.remove([hint]);
    return undefined;
  }

  return {
    async due(beforeMs, limit) {
      const found = await hints.oldest(dueNotices, { limit: limit + mostOutdated, untilMs: beforeMs });
      const due = [];
      for (let from = 0; from < found.length && due.length < limit; from += limit) {
        const some = await inParallel(found.slice(from, from + limit), look);
        due.push(...some.filter((report) => report !== undefined));
      }
      return due.slice(0, limit);
    },
  };
}
