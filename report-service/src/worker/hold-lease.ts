import { setTimeout as delay } from "node:timers/promises";
import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";

/** A report that this server works on, kept from others until disposed. */
export type HeldLease = {
  /** Aborts when the attempt is no longer the one that counts: cancelled, taken over, or not renewed in time. */
  readonly lost: AbortSignal;
} & AsyncDisposable;

// Most jobs are over before anybody could cancel them, and a look at the store costs about as much as to claim one.
const unfollowedMs = 100;

/**
 * Renews the lease of a running report at the latest each third of its length, at times that all leases of this length
 * have in common, and follows the report, so that a cancellation on any server ends the work here.
 */
export function holdLease(
  { reports, clock }: { readonly reports: ReportStore; readonly clock: Clock },
  report: Report,
  attempt: number,
  leaseMs: number,
): HeldLease {
  const lost = new AbortController();
  const released = new AbortController();
  const both = AbortSignal.any([lost.signal, released.signal]);

  async function renew(): Promise<void> {
    let leasedUntilMs = performance.now() + leaseMs;
    while (!both.aborted) {
      await delay(untilRenewal(leaseMs), undefined, { signal: both, ref: false }).catch(() => undefined);
      if (both.aborted) return;
      // A store that cannot be reached for a moment costs nothing while the lease still runs.
      const askedMs = performance.now();
      const renewal = { kind: "renew", attempt, leaseMs: clock.leaseMs(leaseMs) } as const;
      const answer = await reports.change(report, renewal, clock.now()).catch(() => undefined);
      if (answer?.kind === "changed") leasedUntilMs = askedMs + leaseMs;
      else if (answer?.kind === "refused" || performance.now() >= leasedUntilMs) lost.abort();
    }
  }

  async function follow(): Promise<void> {
    for await (const event of reports.follow(report, report.sequence, both)) {
      const { status } = event.report;
      if (status.kind !== "running" || status.attempt !== attempt) lost.abort();
    }
  }

  // Renewing alone keeps the lease; where following fails, a cancellation is noticed with the next renewal.
  let following: Promise<void> | undefined;
  const begin = setTimeout(() => {
    following = follow().catch(() => undefined);
  }, unfollowedMs).unref();
  const renewing = renew();
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearTimeout(begin);
      released.abort();
      await Promise.all([renewing, following]);
    },
  };
}

/** Between a sixth and a third of a lease. */
function untilRenewal(leaseMs: number): number {
  const nowMs = performance.now();
  const stepMs = leaseMs / 6;
  return Math.floor(nowMs / stepMs + 2) * stepMs - nowMs;
}
