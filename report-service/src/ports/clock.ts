/** The time of all servers that share a store: what they write there and compare with what others have written. */
export type Clock = {
  /** Milliseconds since the epoch. While the servers follow a clock that jumps, the earlier of both times. */
  now(): number;
  /** What to ask for to hold a lease for `ms`, also by the later of both times. */
  leaseMs(ms: number): number;
  /** By how much the store's clock is ahead of this machine's. */
  offsetMs(): number;
};

/**
 * `clock-differs`: from now on this machine's clock is off by more than it should be. `clock-jumped`: the clock that the
 * servers follow has been set.
 */
export type ClockNote =
  | { readonly kind: "clock-differs" | "clock-agrees"; readonly offsetMs: number }
  | { readonly kind: "clock-jumped"; readonly byMs: number };

/** The machine's own clock: for one process alone, over a store that nobody else uses. */
export const ownClock: Clock = { now: () => Date.now(), leaseMs: (ms) => ms, offsetMs: () => 0 };
