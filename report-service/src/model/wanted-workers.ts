/** What is known of a worker cluster from one of its servers. */
export type ClusterLoad = {
  /** Reports that wait, of all servers. */
  readonly queued: number;
  /** How long the oldest of them has waited. */
  readonly oldestWaitMs: number;
  /** What a job took of late. */
  readonly meanJobMs: number;
};

/**
 * The workers that it takes, beside those that are busy, to have everything that waits begun within `targetWaitMs`. Where the
 * oldest report has waited longer than that already, more: up to four times as many.
 */
export function backlogWorkers({ queued, oldestWaitMs, meanJobMs }: ClusterLoad, targetWaitMs: number): number {
  if (queued === 0) return 0;
  const late = Math.min(4, Math.max(1, oldestWaitMs / targetWaitMs));
  return Math.min(queued, Math.max(1, Math.ceil((queued * meanJobMs * late) / targetWaitMs)));
}
