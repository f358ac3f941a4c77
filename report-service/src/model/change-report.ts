import { afterLoss, isClaimable } from "./lease.ts";
import type { Artifact, Attempt, Failure, Progress, Report, Status } from "./report.ts";
import { expiresAtMs, hasEnded } from "./report.ts";

/** Everything that can happen to a report. Those with an `attempt` come from a worker and are fenced by it. */
export type ReportChange =
  | { readonly kind: "claim"; readonly worker: string; readonly datacenter: string; readonly leaseMs: number }
  | { readonly kind: "renew"; readonly attempt: number; readonly leaseMs: number }
  | { readonly kind: "progress"; readonly attempt: number; readonly progress: Progress }
  | { readonly kind: "succeed"; readonly attempt: number; readonly artifacts: readonly Artifact[] }
  | { readonly kind: "fail"; readonly attempt: number; readonly failure: Failure }
  | { readonly kind: "lose"; readonly attempt: number; readonly message: string }
  /** `message`: why, where it is not that its server stops. */
  | { readonly kind: "hand-back"; readonly attempt: number; readonly message?: string }
  /** From a client, only as long as the report is as in `sequence`, where that is given. */
  | { readonly kind: "cancel"; readonly message: string; readonly sequence?: number }
  /** Queues a report again that ended without a result, whose result has expired, or was lost as it is at `lostAt`, a sequence. */
  | { readonly kind: "retry"; readonly requestId: string; readonly lostAt?: number }
  /** Ends the time that an ended report is kept. */
  | { readonly kind: "expire" }
  /** Begins a try of the notice of that `sequence`, the one after so many; if it comes to nothing, the next is at `nextMs`. */
  | { readonly kind: "try-notice"; readonly sequence: number; readonly tries: number; readonly nextMs: number }
  /** Leaves the notice for later without a try. */
  | { readonly kind: "defer-notice"; readonly sequence: number; readonly tries: number; readonly nextMs: number }
  /** The receiver knows, or will not be told any more. */
  | { readonly kind: "end-notice"; readonly sequence: number };

/**
 * `fenced`: the attempt that asks is not the one that runs. `not-claimable`: held by a live lease. `ended`: too late.
 * `outdated`: the report is no longer as the client saw it. `not-due`: not ended, not expired yet, nothing to retry, or no such notice.
 * `repeated`: that retry was made before.
 */
export type Refusal = "fenced" | "not-claimable" | "ended" | "outdated" | "not-due" | "repeated";

export type Changed =
  | { readonly kind: "changed"; readonly report: Report }
  | { readonly kind: "refused"; readonly why: Refusal; readonly report: Report };

/**
 * The report after `change`, or why it stays as it is. A claim of a report whose lease ran out first records the lost
 * attempt, so that the answer may also be a report that failed for good.
 */
export function changeReport(report: Report, change: ReportChange, nowMs: number): Changed {
  if (change.kind === "retry") return retry(report, change);
  if (change.kind === "expire") return expire(report, nowMs);
  if (change.kind === "try-notice" || change.kind === "defer-notice" || change.kind === "end-notice")
    return changeNotice(report, change);
  if (change.kind === "cancel" && change.sequence !== undefined && change.sequence !== report.sequence)
    return refused(report, "outdated");
  if (hasEnded(report)) return refused(report, "ended");
  if (change.kind === "claim") return claim(report, change, nowMs);
  if (change.kind === "cancel") return changed(cancel(report, change.message, nowMs));
  const { status } = report;
  if (status.kind !== "running" || status.attempt !== change.attempt) return refused(report, "fenced");
  switch (change.kind) {
    case "renew":
      // No watcher sees a renewal: its sequence stays.
      return { kind: "changed", report: { ...report, status: { ...status, leasedUntilMs: nowMs + change.leaseMs } } };
    case "progress":
      return changed({ ...report, status: { ...status, progress: change.progress } });
    case "succeed":
      return changed(endAttempt(report, { kind: "succeeded", endedAtMs: nowMs, artifacts: change.artifacts }, nowMs));
    case "fail":
      return changed(fail(report, change.failure, nowMs));
    case "lose":
      return changed(lose(report, change.message, nowMs));
    case "hand-back":
      return changed(
        endAttempt(report, { kind: "queued" }, nowMs, {
          reason: "HANDED_BACK",
          message: change.message ?? "the server stopped; another one goes on",
        }),
      );
  }
}

type Claim = Extract<ReportChange, { kind: "claim" }>;

function claim(report: Report, change: Claim, nowMs: number): Changed {
  if (!isClaimable(report, nowMs)) return refused(report, "not-claimable");
  const free = report.status.kind === "running" ? lose(report, "its server stopped renewing the lease", nowMs) : report;
  if (hasEnded(free)) return changed(free);
  const attempt: Attempt = {
    number: free.attempts.length + 1,
    worker: change.worker,
    datacenter: change.datacenter,
    startedAtMs: nowMs,
  };
  const status: Status = { kind: "running", attempt: attempt.number, leasedUntilMs: nowMs + change.leaseMs };
  return changed({ ...free, attempts: [...free.attempts, attempt], status });
}

function lose(report: Report, message: string, nowMs: number): Report {
  const failure: Failure = { reason: "WORKER_LOST", message };
  const ended = endAttempt(report, { kind: "queued" }, nowMs, failure);
  return { ...ended, status: afterLoss(ended, failure, nowMs) };
}

function fail(report: Report, failure: Failure, nowMs: number): Report {
  return endAttempt(report, { kind: "failed", endedAtMs: nowMs, failure }, nowMs, failure);
}

function cancel(report: Report, message: string, nowMs: number): Report {
  const failure: Failure = { reason: "CANCELLED", message };
  const status: Status = { kind: "cancelled", endedAtMs: nowMs, failure };
  return report.status.kind === "running" ? endAttempt(report, status, nowMs, failure) : { ...report, status };
}

type Retry = Extract<ReportChange, { kind: "retry" }>;

function retry(report: Report, { requestId, lostAt }: Retry): Changed {
  if (requestId !== "" && report.retries.some((one) => one.requestId === requestId)) return refused(report, "repeated");
  const { kind } = report.status;
  const isLost = kind === "succeeded" && lostAt === report.sequence;
  if (kind !== "failed" && kind !== "cancelled" && kind !== "expired" && !isLost) return refused(report, "not-due");
  const retries = [...report.retries, { afterAttempts: report.attempts.length, requestId }];
  return changed({ ...report, retries, status: { kind: "queued" } });
}

function expire(report: Report, nowMs: number): Changed {
  const { status } = report;
  const dueMs = expiresAtMs(report);
  if (status.kind === "expired" || dueMs === undefined || dueMs > nowMs || !("endedAtMs" in status))
    return refused(report, "not-due");
  return changed({ ...report, status: { kind: "expired", endedAtMs: status.endedAtMs } });
}

function endAttempt(report: Report, status: Status, nowMs: number, failure?: Failure): Report {
  const attempts = report.attempts.map((attempt, index) =>
    index === report.attempts.length - 1 ? { ...attempt, endedAtMs: nowMs, ...(failure && { failure }) } : attempt,
  );
  return { ...report, attempts, status };
}

type NoticeChange = Extract<ReportChange, { kind: "try-notice" | "defer-notice" | "end-notice" }>;

/** No watcher sees it: the sequence stays. */
function changeNotice(report: Report, change: NoticeChange): Changed {
  const { notice, ...rest } = report;
  if (!notice || notice.sequence !== change.sequence) return refused(report, "not-due");
  if (change.kind === "end-notice") return { kind: "changed", report: rest };
  if (notice.tries !== change.tries) return refused(report, "not-due");
  const tries = change.kind === "try-notice" ? notice.tries + 1 : notice.tries;
  return { kind: "changed", report: { ...rest, notice: { ...notice, tries, dueMs: change.nextMs } } };
}

function changed(before: Report): Changed {
  const report = { ...before, sequence: before.sequence + 1 };
  const { status, notifyUrl, sequence } = report;
  if (notifyUrl === undefined || !("endedAtMs" in status) || status.kind === "expired")
    return { kind: "changed", report };
  const { kind: state, endedAtMs } = status;
  return { kind: "changed", report: { ...report, notice: { state, sequence, endedAtMs, tries: 0, dueMs: endedAtMs } } };
}

function refused(report: Report, why: Refusal): Changed {
  return { kind: "refused", why, report };
}
