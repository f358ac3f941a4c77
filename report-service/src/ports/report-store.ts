import type { Admission, QueueLimits } from "../model/admission.ts";
import type { Changed, ReportChange } from "../model/change-report.ts";
import type { ReportKey, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { ReportFilter } from "../model/report-filter.ts";

/** One seen state of a report. */
export type ReportEvent = { readonly sequence: number; readonly timeMs: number; readonly report: Report };

/** How long a request id is remembered: https://google.aip.dev/155 leaves it to the service. */
export const requestIdMs = 24 * 3_600_000;

/** A client's name for one create, its tenant's own: `bodyHash` tells a repeat from another request under the same id. */
export type RequestKey = { readonly id: string; readonly bodyHash: string };

/** A report to be created. */
export type Creation = {
  readonly report: Report;
  readonly request?: RequestKey;
  /** An identical report (same tenant, same `contentKey`) that was created at or after this answers the create. */
  readonly reuseSinceMs?: number;
};

/**
 * `repeated` holds the report of the first request with this id, `reused` an identical one that waits, runs or has
 * succeeded. `other-body`: the request id came before with something else. `id-taken`: another report has this id.
 */
export type Created =
  | { readonly kind: "created" | "repeated" | "reused" | "other-body" | "id-taken"; readonly report: Report }
  | Exclude<Admission, { readonly kind: "admitted" }>;

/** A place in a list: that after the report with this time and id, whether or not there is one. */
export type Cursor = { readonly createdAtMs: number; readonly id: string };

/** A page of a tenant's reports. `lookAt`: how many of them, `limit` or more, may be looked at for what the filter matches. */
export type ReportQuery = {
  readonly tenant: TenantId;
  readonly filter: ReportFilter;
  readonly order: "newest-first" | "oldest-first";
  readonly limit: number;
  readonly lookAt: number;
  readonly after?: Cursor;
};

/** `next`: where the rest begins, as long as there may be any. A page before it may be short, and empty too. */
export type ReportPage = { readonly reports: readonly Report[]; readonly next: Cursor | undefined };

/** A change to a report, of which any number may be written at once. */
export type ChangeOf = { readonly key: ReportKey; readonly change: ReportChange };

/** `outdated`: the report is not at the sequence that was given. */
export type Removed = "removed" | "unknown" | "unended" | "outdated";

/**
 * Reports, the request ids that made them, and what happened to each. Shared by many servers. What is answered is
 * durable. A `signal` that aborts ends the waiting, and whether the work was done is then unknown.
 */
export type ReportStore = {
  /**
   * For each in turn: looks up the request id and the content key, admits, inserts and queues; all in one transaction
   * or each in its own. However many servers do so at once, one request id and one content key make one report.
   */
  create(creations: readonly Creation[], limits: QueueLimits, signal?: AbortSignal): Promise<readonly Created[]>;
  read(key: ReportKey, signal?: AbortSignal): Promise<Report | undefined>;
  /** Agrees with `matchesFilter`; equal times are ordered by id. */
  list(query: ReportQuery, signal?: AbortSignal): Promise<ReportPage>;
  /** Applies `changeReport`, atomically; undefined where there is no such report. */
  change(key: ReportKey, change: ReportChange, nowMs: number): Promise<Changed | undefined>;
  /** As `change` for each, in order, and cheaper than one by one: what writers of results use. */
  changeAll(changes: readonly ChangeOf[], nowMs: number): Promise<readonly (Changed | undefined)[]>;
  /** Forgets an ended report with its events and request ids, `sequence` given only if it is still there. */
  remove(key: ReportKey, sequence: number | undefined): Promise<Removed>;
  /** The events after `afterSequence` (the present state first, where that is 0), until a state that is the last. */
  follow(key: ReportKey, afterSequence: number, signal: AbortSignal): AsyncGenerator<ReportEvent, void>;
};
