import type { Report } from "../model/report.ts";

/** Who takes jobs, and for how long it may keep one without renewing. */
export type Claimant = { readonly worker: string; readonly datacenter: string; readonly leaseMs: number };

/** The reports that wait for a worker. Shared by many servers; each claim is given to exactly one. */
export type JobQueue = {
  /** The oldest report that waits or has lost its worker, now running under the claimant's lease. */
  claim(claimant: Claimant, nowMs: number): Promise<Report | undefined>;
  /** Returns when there may be something to claim, early rather than late. */
  wait(signal: AbortSignal): Promise<void>;
  length(): Promise<{ readonly queued: number; readonly oldestQueuedAtMs?: number }>;
};
