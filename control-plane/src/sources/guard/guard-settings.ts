/** How much of what sources say is believed at once. */
export type GuardSettings = {
  /**
   * How long a source that can be seen has to repeat a loss or a growth beyond the limits before it is believed, and the time
   * over which losses are added up. 0 believes everything at once.
   */
  readonly holdMs: number;
  /** More of a service, or of its part in one data center, than this may not go within the hold time. */
  readonly dropPercent: number;
  /** A feed that has so many times its endpoints from one answer to the next is not believed at once. */
  readonly growthFactor: number;
  /** The longest that the next change of a flapping endpoint is put off; 0 never puts one off. */
  readonly flapMs: number;
};

// docs/decisions/0013-guard.md says why these.
export const guardSettings: GuardSettings = { holdMs: 60_000, dropPercent: 50, growthFactor: 10, flapMs: 10_000 };
