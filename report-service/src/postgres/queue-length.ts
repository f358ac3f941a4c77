import type { WorkerCluster } from "../model/report.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { Database } from "./database.ts";
import { countUpTo, readLength } from "./waiting-lanes.ts";

export type QueueLengthParts = {
  /** So much of a cluster's is counted each time: some milliseconds. */
  readonly exactUpTo: number;
  readonly nowMs: () => number;
};

// How much of the time may go into counting more: each server is scraped, and a count costs as much as there is waiting.
const timesCost = 100;
const longestMs = 60_000;

type Known = { readonly queued: Promise<number>; untilMs: number };

/**
 * How much waits: exactly up to `exactUpTo` in a cluster, and beyond it as it was counted last, a hundred times as long ago as
 * that took, and a minute at most. Since when it waits is exact.
 */
export function createQueueLength(
  database: Database,
  { exactUpTo, nowMs }: QueueLengthParts = { exactUpTo: 10_000, nowMs: () => performance.now() },
): JobQueue["length"] {
  const known = new Map<WorkerCluster, Known>();

  async function countWaiting(cluster: WorkerCluster): Promise<number> {
    const few = await countUpTo(database, cluster, exactUpTo + 1);
    if (few <= exactUpTo) {
      known.delete(cluster);
      return few;
    }
    const before = known.get(cluster);
    if (before && nowMs() < before.untilMs) return before.queued;
    const startedMs = nowMs();
    // Who asks meanwhile waits for the same count.
    const counting: Known = { queued: countUpTo(database, cluster, null), untilMs: Number.POSITIVE_INFINITY };
    known.set(cluster, counting);
    try {
      await counting.queued;
      const endedMs = nowMs();
      counting.untilMs = endedMs + Math.min(longestMs, timesCost * (endedMs - startedMs));
    } catch {
      if (known.get(cluster) === counting) known.delete(cluster);
    }
    return counting.queued;
  }

  return (cluster) => readLength(database, cluster, countWaiting);
}
