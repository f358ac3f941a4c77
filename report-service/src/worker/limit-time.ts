/** Starting a worker takes a second or two, and more where the machine is busy. */
export const longestStartMs = 120_000;
/** Code that has waited so long, and run for less than a tenth of that, is on a machine that has too much to do. */
export const longestWaitMs = 120_000;
const leastShare = 0.1;

/** The time that a job may take. */
export type JobTime = {
  readonly isUp: AbortSignal;
  readonly hasBegun: () => boolean;
  /** Its code got next to no CPU, so that another machine should try it. */
  readonly hasStarved: () => boolean;
  /** A worker is ready for it. */
  readonly begin: () => void;
  /** So long, in all, its code has waited for a CPU since it began. */
  readonly waited: (ms: number) => void;
} & Disposable;

/**
 * A job's own time, `ownMs`, begins once a worker is ready for it, which has its limit, too; what its code waits for a CPU is
 * not its own.
 */
export function limitTime(ownMs: number, { startMs = longestStartMs, waitMs = longestWaitMs } = {}): JobTime {
  const up = new AbortController();
  let begunAtMs: number | undefined;
  let starved = false;
  let timer = setTimeout(() => up.abort(), startMs);
  function limit(endMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => up.abort(), Math.max(0, endMs - performance.now()));
  }
  return {
    isUp: up.signal,
    hasBegun: () => begunAtMs !== undefined,
    hasStarved: () => starved,
    begin() {
      if (begunAtMs !== undefined || up.signal.aborted) return;
      begunAtMs = performance.now();
      limit(begunAtMs + ownMs);
    },
    waited(ms) {
      if (begunAtMs === undefined || up.signal.aborted) return;
      const ranMs = performance.now() - begunAtMs - ms;
      starved = ms >= waitMs && ranMs < ms * leastShare;
      limit(starved ? 0 : begunAtMs + ownMs + ms);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
