/** A report of `GET /v1/reports`. */
export type ReportRow = {
  readonly id: string;
  readonly kind: string;
  readonly state: ReportState;
  readonly createTime?: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly homeDatacenter: string;
  readonly progress?: { readonly percent: number; readonly stage: string; readonly queuePosition?: number };
  readonly artifacts: readonly { readonly format: string; readonly sizeBytes: number }[];
  readonly attempts: readonly { readonly number: number }[];
  readonly error?: { readonly message: string };
  readonly etag: string;
};

export const reportStates = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"] as const;
export type ReportState = (typeof reportStates)[number];

/** One of `GET /v1/reports/{id}`. */
export type ReportDetail = ReportRow & {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeline: readonly { readonly time: string; readonly step: string; readonly says: string }[];
};

/** A worker cluster of `GET /v1/report-queues`. */
export type QueueRow = {
  readonly cluster: string;
  readonly waiting: number;
  readonly oldestSeconds?: number;
  readonly running?: number;
  readonly workers: number;
  readonly busy: number;
  readonly circuits: readonly {
    readonly server: string;
    readonly kind?: string;
    readonly why: string;
    readonly retrySeconds?: number;
  }[];
  readonly datacenters: readonly {
    readonly datacenter: string;
    readonly waiting: number;
    readonly oldestSeconds?: number;
  }[];
};

export type ReportsAnswer = {
  readonly tenant: string;
  readonly reports: readonly ReportRow[];
  readonly more: boolean;
  readonly queues: readonly QueueRow[];
  readonly silent: readonly { readonly address: string; readonly why: string }[];
};

/** What is known of the report service; `answer` is as old as `at`, and `why` says why there is no newer one. */
export type SeenReports = {
  readonly answer: ReportsAnswer | undefined;
  readonly at: number;
  readonly why?: string;
  /** This control plane was told of no report service. */
  readonly isUnknown?: boolean;
};

/** What is to be done with a report, to be confirmed. */
export type ReportOrder = {
  readonly id: string;
  readonly verb: "retry" | "cancel";
  readonly etag: string;
  readonly reason: string;
  readonly stage:
    | { readonly kind: "asking" }
    | { readonly kind: "doing" }
    | { readonly kind: "refused"; readonly says: string };
};
