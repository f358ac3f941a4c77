import type { QueueLimits } from "../model/admission.ts";
import type { Report } from "../model/report.ts";
import type { Created, Creation } from "../ports/report-store.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./failure.ts";
import { insertCreates } from "./insert-creates.ts";
import { lookUpCreates } from "./look-up-creates.ts";
import { answerOf, planCreates } from "./plan-creates.ts";
import { laneOf, type QueueCounts } from "./queue-counts.ts";
import { readOldest } from "./waiting-lanes.ts";

export type CreateReports = (
  creations: readonly Creation[],
  limits: QueueLimits,
  signal?: AbortSignal,
) => Promise<readonly Created[]>;

// Each try that meets another server's create learns of at least that one.
const tries = 50;

/**
 * Looks up what is there, decides each create in turn, and writes all that is new in one statement. Unique keys decide
 * between those who do so at once: who comes second looks again, and finds what the first one wrote.
 */
export function createCreateReports(database: Database, counts: QueueCounts): CreateReports {
  return async (creations, limits, signal) => {
    for (let triesLeft = tries; ; triesLeft -= 1) {
      const found = await lookUpCreates(database, creations, signal);
      const fresh = creations.filter((creation) => !answerOf(creation, found));
      const lanes = distinctLanes(fresh.map(({ report }) => report));
      const lengths = lanes.length > 0 ? await counts.read(lanes, limits, fresh.length) : new Map();
      const oldest = new Map<string, number>();
      const plan = planCreates(creations, found, limits, lengths, oldest);
      const full = plan.answers.filter(({ kind }) => kind === "full");
      if (full.length > 0 && oldest.size === 0) {
        for (const { cluster } of lanes) oldest.set(cluster, (await readOldest(database, cluster)) ?? 0);
      }
      const { answers, inserts } = full.length > 0 ? planCreates(creations, found, limits, lengths, oldest) : plan;
      try {
        await insertCreates(database, inserts, signal);
      } catch (error) {
        if (triesLeft === 0 || !isDuplicate(error)) throw error;
        continue;
      }
      for (const { report } of inserts.reports) counts.add(report, 1);
      return answers;
    }
  };
}

function distinctLanes(reports: readonly Report[]): readonly Report[] {
  return [...new Map(reports.map((report) => [laneOf(report), report])).values()];
}
