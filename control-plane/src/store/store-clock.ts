/** The time of day, as far as a store that others share knows better. */
export type StoreClock = {
  now(): Date;
  /** The store has just said that it is this late. */
  heard(at: Date): void;
};

// The store tells whole seconds, and an answer takes its time; NTP keeps machines far closer than this.
const tolerableMs = 5_000;

/**
 * The clock of this machine, unless it differs from the store's by more than five seconds: then the store's, counted on by the
 * monotonic clock. So one replica whose clock is wrong, or jumps, ends no override before or after the others.
 */
export function createStoreClock({
  wallMs,
  monotonicMs,
  differs,
}: {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  /** Told once each time that the two come apart, with how much this machine is ahead. */
  readonly differs: (aheadMs: number) => void;
}): StoreClock {
  let told: { readonly storeMs: number; readonly atMs: number } | undefined;
  let isApart = false;

  function aheadMs(): number {
    return told === undefined ? 0 : wallMs() - (told.storeMs + monotonicMs() - told.atMs);
  }

  return {
    now: () => new Date(wallMs() - (Math.abs(aheadMs()) > tolerableMs ? Math.round(aheadMs()) : 0)),
    heard(at) {
      // It is somewhere within that second.
      told = { storeMs: at.getTime() + 500, atMs: monotonicMs() };
      const ahead = aheadMs();
      if (Math.abs(ahead) > tolerableMs && !isApart) differs(ahead);
      isApart = Math.abs(ahead) > tolerableMs;
    },
  };
}
