import type { Failure, Report, Status } from "./report.ts";

/** After this many lost workers a report fails: whatever it asks for may be what kills them. A client's retry starts anew. */
export const maxLostAttempts = 3;

/** Whether a worker may take it: it waits, or the server that held it no longer renews its lease. */
export function isClaimable(report: Report, nowMs: number): boolean {
  const { status } = report;
  return status.kind === "queued" || (status.kind === "running" && status.leasedUntilMs <= nowMs);
}

/** What becomes of a report whose worker is gone: queued again, or failed if that was its last chance. */
export function afterLoss(report: Report, failure: Failure, nowMs: number): Status {
  const since = report.retries.at(-1)?.afterAttempts ?? 0;
  const lost = report.attempts.slice(since).filter(({ failure }) => failure?.reason === "WORKER_LOST").length;
  if (lost < maxLostAttempts) return { kind: "queued" };
  return {
    kind: "failed",
    endedAtMs: nowMs,
    failure: { reason: failure.reason, message: `${lost} attempts lost their worker; the last: ${failure.message}` },
  };
}
