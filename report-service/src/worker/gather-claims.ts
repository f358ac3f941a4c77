import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";

/** The next report, now running; undefined where there is none. */
export type ClaimOne = () => Promise<Report | undefined>;

type Waiting = {
  readonly resolve: (report: Report | undefined) => void;
  readonly reject: (cause: unknown) => void;
};

/**
 * Workers of one cluster that are free at once claim with one call: those of one turn of the event loop, and those that
 * come while another claim is under way. `claimantNow` is asked for each.
 */
export function gatherClaims(queue: Pick<JobQueue, "claim">, claimantNow: () => Claimant, clock: Clock): ClaimOne {
  let waiting: Waiting[] = [];
  let claiming = false;

  async function claim(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const claimant = claimantNow();
        const held = { ...claimant, leaseMs: clock.leaseMs(claimant.leaseMs) };
        const reports = await queue.claim(held, group.length, clock.now());
        for (const [index, { resolve }] of group.entries()) resolve(reports[index]);
      } catch (cause) {
        for (const { reject } of group) reject(cause);
      }
    }
    claiming = false;
  }

  return () => {
    const { promise, resolve, reject } = Promise.withResolvers<Report | undefined>();
    waiting.push({ resolve, reject });
    if (!claiming) {
      claiming = true;
      setImmediate(claim);
    }
    return promise;
  };
}
