import { setTimeout as delay } from "node:timers/promises";
import { isWritten } from "../model/is-written.ts";
import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Result, ResultsQueue } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { holdLease } from "./hold-lease.ts";

// How long a delivery is tried; after that the report is put off.
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

/**
 * `superseded`: the attempt no longer counts, and no bytes that it made are those of its report, now or later. Throws
 * `StoreUnavailable` where the result could not be handed over in time, or not before `hurry` aborted: the queue may have
 * it all the same, so that its bytes must stay.
 */
export type Deliver = (report: Report, change: Result["change"], hurry: AbortSignal) => Promise<"kept" | "superseded">;

/**
 * Hands results to the writers. While as many wait as may, or the store or queue is away, it waits as well, and with it its
 * worker, which then claims nothing: so a queue that nobody empties fills the one before it, until creates are turned away.
 */
export function createDelivery({ results, reports, clock, leaseMs, heldForMs }: DeliveryParts): Deliver {
  /** One that is refused says whether what refuses it is the result itself, which the queue had in spite of an error. */
  async function renew({ key, change }: Result, forMs: number): Promise<"held" | "kept" | "superseded"> {
    const renewal = { kind: "renew", attempt: change.attempt, leaseMs: clock.leaseMs(forMs) } as const;
    const answer = await reports.change(key, renewal, clock.now());
    if (answer?.kind === "changed") return "held";
    // Only of a success there are bytes; any other end of an attempt may have been somebody else's.
    return answer && change.kind === "succeed" && isWritten(change, answer.report) ? "kept" : "superseded";
  }

  async function handOver(result: Result, limit: AbortSignal): Promise<"kept" | "full" | "superseded"> {
    const lease = heldForMs > 0 ? await renew(result, leaseMs) : "held";
    return lease === "held" ? results.put(result, limit) : lease;
  }

  /** Tries at least once. */
  async function handOverInTime(result: Result, hurry: AbortSignal): Promise<"kept" | "superseded"> {
    const limit = AbortSignal.timeout(triedForMs);
    const over = AbortSignal.any([limit, hurry]);
    let away: unknown;
    for (let pauseMs = 20; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      const answer = await handOver(result, limit).catch((cause: unknown) => {
        if (!(cause instanceof StoreUnavailable) && !limit.aborted) throw cause;
        away = cause;
        return "full" as const;
      });
      if (answer !== "full") return answer;
      if (!over.aborted) await delay(pauseMs, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) throw new StoreUnavailable("results are not taken now", longestPauseMs, away);
    }
  }

  return async (report, change, hurry) => {
    const result = { key: { tenant: report.tenant, id: report.id }, change };
    if (heldForMs === 0) return handOverInTime(result, hurry);
    {
      // One put may take longer than a lease.
      await using _ = holdLease({ reports, clock }, report, change.attempt, leaseMs);
      if ((await handOverInTime(result, hurry)) === "superseded") return "superseded";
    }
    // Only now: a worker that was killed between a long lease and its result would keep the report from all others. And
    // where this fails, or the result is written already, nothing is lost.
    await renew(result, heldForMs).catch(() => undefined);
    return "kept";
  };
}
