/** What keeps a store from removing rows that were overwritten or deleted. */
export type HeldBack = {
  /** How old the oldest transaction is that is open or prepared; 0 where none is. */
  readonly oldestMs: number;
  /** How many transactions have begun since the oldest one whose rows must stay, for a transaction, a standby or a slot. */
  readonly transactions: number;
};

/** Undefined where the store may not tell: that is not "nothing". Throws `StoreUnavailable`. */
export type LookForOldTransactions = () => Promise<HeldBack | undefined>;
