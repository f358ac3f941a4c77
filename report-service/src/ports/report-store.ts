import type { Changed, ReportChange } from "../model/change-report.ts";
import type { ReportKey, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";

/** One seen state of a report. */
export type ReportEvent = { readonly sequence: number; readonly timeMs: number; readonly report: Report };

/** A client's name for one create: `bodyHash` tells a repeat from another request under the same id. */
export type RequestKey = { readonly id: string; readonly bodyHash: string };

/** `repeated` holds the report of the first request with this id. */
export type Created =
  | { readonly kind: "created"; readonly report: Report }
  | { readonly kind: "repeated"; readonly report: Report }
  | { readonly kind: "other-body"; readonly report: Report }
  | { readonly kind: "full"; readonly queued: number; readonly retryAfterMs: number };

/** A place in the list of a tenant's reports, newest first: the last report before it. */
export type Cursor = { readonly createdAtMs: number; readonly id: string };

/** Reports, the request ids that made them, and what happened to each. Shared by many servers. */
export type ReportStore = {
  /** Looks up the request id, admits, inserts and queues in one transaction; safe against concurrent repeats. */
  create(report: Report, request: RequestKey | undefined, queueLimit: number): Promise<Created>;
  read(key: ReportKey): Promise<Report | undefined>;
  list(tenant: TenantId, limit: number, after: Cursor | undefined): Promise<readonly Report[]>;
  /** Applies `changeReport` in one transaction; undefined where there is no such report. */
  change(key: ReportKey, change: ReportChange, nowMs: number): Promise<Changed | undefined>;
  /** The events after `afterSequence` (the present state first, where that is 0), until a state that is the last. */
  follow(key: ReportKey, afterSequence: number, signal: AbortSignal): AsyncGenerator<ReportEvent, void>;
  /** Forgets up to `limit` reports that ended before `endedBeforeMs` and answers which. */
  forget(endedBeforeMs: number, limit: number): Promise<readonly ReportKey[]>;
};
