import type { ReportDetail, reportFormats, reportStates, ToldQueues, ToldReport } from "./report-shapes.ts";

export type ReportFormat = (typeof reportFormats)[number];
export type ReportState = (typeof reportStates)[number];

export type ReportQuery = {
  readonly tenant: string;
  readonly states: readonly ReportState[];
  readonly kind: string | undefined;
  readonly pageSize: number;
  readonly pageToken: string;
};

export type Download = {
  readonly fileName: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
};

/** The report service as the operator's side uses it. Each call rejects with a `ReportDeskError`. */
export type ReportDesk = {
  /** Whose reports these are where nobody says otherwise. */
  readonly tenant: string;
  /** What a shifter must have in reach to touch them. */
  readonly service: string;
  list(query: ReportQuery): Promise<{ readonly reports: readonly ToldReport[]; readonly nextPageToken: string }>;
  get(tenant: string, id: string): Promise<ReportDetail>;
  cancel(tenant: string, id: string, order: { readonly reason: string; readonly etag: string }): Promise<ToldReport>;
  /** The same `requestId` retries once. */
  retry(tenant: string, id: string, requestId: string): Promise<ToldReport>;
  /** The bytes come as they are read, until the signal. */
  download(tenant: string, id: string, format: ReportFormat, signal: AbortSignal): Promise<Download>;
  queues(): Promise<ToldQueues>;
};

/** Why the report service did not do it, in its words; `unreachable`: nobody of it answered. */
export class ReportDeskError extends Error {
  readonly why:
    | "unreachable"
    | "refuses-us"
    | "invalid"
    | "not-found"
    | "not-now"
    | "changed"
    | "too-much"
    | "not-there";
  readonly reason: string | undefined;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs: number | undefined;

  constructor(
    why: ReportDeskError["why"],
    says: string,
    more: Partial<Pick<ReportDeskError, "reason" | "violations" | "retryAfterMs">> = {},
  ) {
    super(says);
    this.why = why;
    this.reason = more.reason;
    this.violations = more.violations ?? [];
    this.retryAfterMs = more.retryAfterMs;
  }
}
