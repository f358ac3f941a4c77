import { changeReport, type ReportChange } from "../model/change-report.ts";
import type { UploadId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Chore, CleanUp, Cleared } from "../ports/clean-up.ts";
import type { Hint, Hints } from "./hints.ts";
import { inParallel } from "./in-parallel.ts";
import { type Intents, requestHints } from "./intents.ts";
import { keyOf } from "./job-queue.ts";
import { endedReports, expiredReports, hintsOf, requestsOf, runningAnywhere } from "./report-hints.ts";
import type { Found, ReportRows } from "./report-rows.ts";
import { bigint, type Session } from "./session.ts";
import { completedUploads, openUploads } from "./upload-store.ts";

const hintOf: Readonly<Record<Chore, string>> = {
  expired: endedReports,
  forgotten: expiredReports,
  stuck: runningAnywhere,
  requests: requestHints,
  abandoned: openUploads,
  outdated: completedUploads,
};

/** How many hints in a row may be out of date before the next run has to go on. */
const mostOutdated = 1_000;

export function createCassandraCleanUp(
  session: Session,
  { rows, hints, intents }: { rows: ReportRows; hints: Hints; intents: Intents },
): CleanUp {
  /** What a hint tells of, if that is still so; a hint that is out of date goes. */
  async function look(chore: Chore, hint: Hint): Promise<Due | undefined> {
    const { tenant, id } = keyOf(hint);
    switch (chore) {
      case "requests": {
        const [row] = await session.rows(
          "select created_ms, made from requests where tenant = ? and kind = 'report' and id = ?",
          [tenant, id],
        );
        if (row && Number(row["created_ms"]) === hint.atMs) {
          return { hint, cleared: { kind: "request", id }, made: String(row["made"]) };
        }
        break;
      }
      case "abandoned":
      case "outdated": {
        const [row] = await session.rows("select completed_ms, body from uploads where tenant = ? and id = ?", [
          tenant,
          id,
        ]);
        const isCompleted = row?.["completed_ms"] !== null && row?.["completed_ms"] !== undefined;
        const key = { tenant, id: id as string as UploadId };
        if (row?.["body"] && isCompleted === (chore === "outdated")) return { hint, cleared: { kind: "upload", key } };
        break;
      }
      default: {
        const found = await rows.read({ tenant, id });
        const isTrue = (other: Hint) => other.kind === hint.kind && other.revision === hint.revision;
        if (found && hintsOf(found).some(isTrue))
          return { hint, cleared: { kind: "report", key: { tenant, id } }, found };
        if (!found || found.revision < hint.revision) return undefined;
      }
    }
    await hints.remove([hint]);
    return undefined;
  }

  async function due(chore: Chore, beforeMs: number, limit: number): Promise<readonly Due[]> {
    const found = await hints.oldest(hintOf[chore], { limit: limit + mostOutdated, untilMs: beforeMs });
    const all: Due[] = [];
    for (let from = 0; from < found.length && all.length < limit; from += limit) {
      const some = await inParallel(found.slice(from, from + limit), (hint) => look(chore, hint));
      all.push(...some.filter((one) => one !== undefined));
    }
    return all.slice(0, limit);
  }

  async function clearOne({ hint, cleared, found, made }: Due, chore: Chore, nowMs: number): Promise<boolean> {
    if (cleared.kind === "request") {
      const query = "delete from requests where tenant = ? and kind = 'report' and id = ? if created_ms = ?";
      if (!(await session.applied([{ query, values: [hint.tenant, hint.id, bigint(hint.atMs)] }]))) return false;
      const ofReport = requestsOf({ ...keyOf(hint), id: made as Report["id"] });
      await hints.remove([hint, { ...hint, kind: ofReport, atMs: 0 }]);
      return true;
    }
    if (cleared.kind === "upload") {
      const query = "delete from uploads where tenant = ? and id = ? if exists";
      const wasThere = await session.applied([{ query, values: [hint.tenant, hint.id] }]);
      await hints.remove([hint]);
      return wasThere;
    }
    if (!found) return false;
    if (chore === "forgotten") {
      await intents.forget(cleared.key);
      return rows.remove(found);
    }
    const change: ReportChange = chore === "stuck" ? loss(found.report) : { kind: "expire" };
    const after = changeReport(found.report, change, nowMs);
    return after.kind === "changed" && rows.replace(found, after.report, nowMs);
  }

  return {
    async due(chore, beforeMs, limit) {
      return (await due(chore, beforeMs, limit)).map(({ cleared }) => cleared);
    },
    async clear(chore, beforeMs, limit) {
      const found = await due(chore, beforeMs, limit);
      const done = await inParallel(found, (one) => clearOne(one, chore, beforeMs));
      return found.filter((_, index) => done[index]).map(({ cleared }) => cleared);
    },
  };
}

type Due = { readonly hint: Hint; readonly cleared: Cleared; readonly found?: Found; readonly made?: string };

function loss({ attempts }: Report): ReportChange {
  return { kind: "lose", attempt: attempts.length, message: "its lease has ended and no worker took it over" };
}
