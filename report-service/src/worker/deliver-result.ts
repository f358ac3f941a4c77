import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Result, ResultsQueue } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

// How long a delivery is tried; after that the attempt is lost, and another one follows.
const triedForMs = 30_000;
const longestPauseMs = 1_000;

export type DeliveryParts = {
  readonly results: ResultsQueue;
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** How long a kept result may wait for a writer before its report is given to another worker; 0: as long as its lease. */
  readonly heldForMs: number;
};

/** `superseded`: the attempt no longer counts, and nobody will look at its result. */
export type Deliver = (result: Result) => Promise<"kept" | "superseded">;

/**
 * Hands results to the writers. While as many wait as may, or the store is away, it waits as well, and with it its worker,
 * which then claims nothing: so a queue that nobody empties fills the one before it, until creates are turned away.
 */
export function createDelivery({ results, reports, clock, leaseMs, heldForMs }: DeliveryParts): Deliver {
  async function renew({ key, change: { attempt } }: Result, forMs: number): Promise<boolean> {
    const renewal = { kind: "renew", attempt, leaseMs: clock.leaseMs(forMs) } as const;
    const answer = await reports.change(key, renewal, clock.now());
    return answer?.kind === "changed";
  }

  async function handOver(result: Result, limit: AbortSignal): Promise<"kept" | "full" | "superseded"> {
    if (heldForMs > 0 && !(await renew(result, leaseMs))) return "superseded";
    return results.put(result, limit);
  }

  return async (result) => {
    const limit = AbortSignal.timeout(triedForMs);
    for (let pauseMs = 20; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      const answer = await handOver(result, limit).catch((cause: unknown) => {
        if (!(cause instanceof StoreUnavailable) || limit.aborted) throw cause;
        return "full" as const;
      });
      if (answer === "superseded") return answer;
      if (answer === "kept") break;
      await delay(pauseMs, undefined, { signal: limit });
    }
    // Only now: a worker that was killed between a long lease and its result would keep the report from all others. And
    // where this fails, or the result is written already, nothing is lost.
    if (heldForMs > 0) await renew(result, heldForMs).catch(() => undefined);
    return "kept";
  };
}
