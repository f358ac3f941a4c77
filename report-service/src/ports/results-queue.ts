import type { ReportChange } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";

/** How one attempt came out, as its worker says; fenced by the attempt when it is written. */
export type Result = {
  readonly key: ReportKey;
  readonly change: Extract<ReportChange, { readonly kind: "succeed" | "fail" | "lose" | "hand-back" }>;
};

/** Results that one writer has, until `done`, or until they are given to another one because it took too long. */
export type Batch = {
  readonly results: readonly Result[];
  /** They are written: nobody needs them again. */
  done(): Promise<void>;
};

/** What a writer gets that took nothing. */
export const noResults: Batch = { results: [], done: async () => undefined };

/** How many results may wait, and how long one writer may have them before another one gets them. */
export type ResultsLimits = { readonly most: number; readonly patienceMs: number };

export const usualResultsLimits: ResultsLimits = { most: 10_000, patienceMs: 30_000 };

/** Between the workers and those who write to the store. Shared by many servers; what is put is given at least once. */
export type ResultsQueue = {
  /**
   * Resolves with `kept` once the result outlives this server, or is written. `full`: as many wait as may; the worker
   * keeps it and tries again. Throws `StoreUnavailable` where the queue cannot be reached; whether it has the result is
   * unknown then, so that the same one may be put again, but its bytes must not be removed.
   */
  put(result: Result, signal: AbortSignal): Promise<"kept" | "full">;
  /**
   * Up to `most`, oldest first, as soon as there is one; none when the signal aborts. Results of one report come in the
   * order in which they were put, unless their writer was lost.
   */
  take(most: number, signal: AbortSignal): Promise<Batch>;
  length(): Promise<{ readonly waiting: number; readonly oldestAtMs?: number }>;
};
