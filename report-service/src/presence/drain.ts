import type { Registration } from "./registration.ts";

// Longer than the registry waits for its clients; a registry that does not answer must not hold us up for more.
const leaveLimitMs = 8_000;
// Before the hard end: calls that only wait are told to go on elsewhere, and jobs are handed back.
const yieldBeforeMs = 2_000;

/** What a server does to stop without losing a request, in the order it is done. */
export type DrainSteps = {
  readonly registration: Registration | undefined;
  /** Health says NOT_SERVING. */
  readonly refuseHealth: () => void;
  /** Finishes calls; cut at the limit. */
  readonly finishCalls: (limit: AbortSignal) => Promise<void>;
  /** Finishes the running job; handed back at the limit. */
  readonly finishJobs: (limit: AbortSignal) => Promise<void>;
  /** Ends the calls that only wait for something. */
  readonly endWaits: () => void;
};

/**
 * Leaves the registry first and waits until clients have gone: those that still come are served as ever. Then finishes
 * what runs, for at most `limitMs`.
 */
export async function drain(steps: DrainSteps, limitMs: number): Promise<void> {
  await steps.registration?.leave(AbortSignal.timeout(leaveLimitMs));
  steps.refuseHealth();

  const yielding = new AbortController();
  const soft = setTimeout(() => yielding.abort(), Math.max(0, limitMs - yieldBeforeMs));
  yielding.signal.addEventListener("abort", steps.endWaits, { once: true });
  await Promise.all([steps.finishCalls(AbortSignal.timeout(limitMs)), steps.finishJobs(yielding.signal)]);
  clearTimeout(soft);
}
