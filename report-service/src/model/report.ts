import type { KindName, ReportKey, UploadId } from "./names.ts";
import type { Notice } from "./notice.ts";

/** `csv` has a header line, `json` is one array of objects, `ndjson` one object a line. */
export type Format = "csv" | "json" | "ndjson" | "parquet" | "pdf" | "xlsx";

/** Which of the waiting reports of a worker cluster go first; `fair-queue` says how much. */
export type Priority = "interactive" | "standard" | "bulk";

/** The worker cluster, and so the queue, that makes a report: one for each language, such as `sql`. */
export type WorkerCluster = string;

/** Parameters after validation: what JSON can hold at the top level of the kind's schema. */
export type Parameters = { readonly [name: string]: string | number | boolean | null };

/** Why an attempt or a report ended without a result; clients see it as the reason of a google.rpc.ErrorInfo. */
export type FailureReason =
  | "RENDER_FAILED"
  | "TOO_MANY_ROWS"
  | "OUT_OF_MEMORY"
  | "KIND_UNKNOWN"
  | "INPUT_MISSING"
  | "INPUT_INVALID"
  | "DEADLINE_EXCEEDED"
  | "WORKER_LOST"
  | "HANDED_BACK"
  | "CANCELLED";
export type Failure = { readonly reason: FailureReason; readonly message: string };

export type Progress = {
  /** 0 to 100, within the stage. */
  readonly percent: number;
  readonly stage: "query" | "render";
  readonly rows: number;
};

export type Artifact = {
  readonly format: Format;
  /** Where its bytes are in the object store. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly rows: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
};

export type Attempt = {
  readonly number: number;
  readonly worker: string;
  readonly datacenter: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly failure?: Failure;
};

/** What a report is doing; only a running one has a lease, only a succeeded one has artifacts. */
export type Status =
  | { readonly kind: "queued" }
  | { readonly kind: "running"; readonly attempt: number; readonly leasedUntilMs: number; readonly progress?: Progress }
  | { readonly kind: "succeeded"; readonly endedAtMs: number; readonly artifacts: readonly Artifact[] }
  | { readonly kind: "failed"; readonly endedAtMs: number; readonly failure: Failure }
  | { readonly kind: "cancelled"; readonly endedAtMs: number; readonly failure: Failure }
  /** Its time to be kept is over: its bytes are gone, and soon it is, too. */
  | { readonly kind: "expired"; readonly endedAtMs: number };

/** A client's demand for another try, after so many attempts. */
export type Retry = { readonly afterAttempts: number; readonly requestId: string };

/** Parameters that lie encrypted in the store; `vault` knows the form of `text`. */
export type SealedParameters = { readonly keyId: string; readonly text: string };

export type Report = ReportKey & {
  readonly kind: KindName;
  readonly parameters: Parameters;
  /** The names of those parameters that nobody but a worker gets to see. */
  readonly sensitive: readonly string[];
  /** In a store only: what stands in for parameters that are encrypted there. */
  readonly sealed?: SealedParameters;
  readonly formats: readonly Format[];
  readonly uploads: readonly UploadId[];
  /** The state of the data that it is to show; the time of its creation where absent. */
  readonly asOfMs?: number;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly cluster: WorkerCluster;
  /** How long it is kept once it has ended. */
  readonly retentionMs: number;
  /** Equal for reports that come out equal: see `content-key`. */
  readonly contentKey?: string;
  /** Who is to be told, by HTTP, that it has ended. */
  readonly notifyUrl?: string;
  /** What that receiver has not been told yet. */
  readonly notice?: Notice;
  readonly datacenter: string;
  readonly createdAtMs: number;
  /** W3C trace context of the call that created it: its job continues that trace. */
  readonly traceparent?: string;
  /** Grows with each change that a watcher may see. */
  readonly sequence: number;
  readonly attempts: readonly Attempt[];
  readonly retries: readonly Retry[];
  readonly status: Status;
};

type Facts = Pick<Report, "tenant" | "id" | "kind" | "parameters" | "formats" | "datacenter" | "createdAtMs">;

const thirtyDaysMs = 30 * 86_400_000;

/** A report as it is right after its creation; what is not given is as a plain request has it. */
export function newReport(
  facts: Facts & Partial<Omit<Report, "sequence" | "attempts" | "retries" | "status">>,
): Report {
  return {
    ...{ uploads: [], priority: "standard", labels: {}, cluster: "sql", retentionMs: thirtyDaysMs, sensitive: [] },
    ...facts,
    ...{ sequence: 1, attempts: [], retries: [], status: { kind: "queued" } },
  };
}

/** Whether no worker will change it any more. */
export function hasEnded(report: Report): boolean {
  return report.status.kind !== "queued" && report.status.kind !== "running";
}

/** The event of its end, as whoever follows it sees it; undefined where it goes on, and where it has expired since. */
export function endOf(
  report: Report,
): { readonly sequence: number; readonly timeMs: number; readonly report: Report } | undefined {
  const { status, sequence } = report;
  const isLast = "endedAtMs" in status && status.kind !== "expired";
  return isLast ? { sequence, timeMs: status.endedAtMs, report } : undefined;
}

/** When an ended report may go: its bytes first. */
export function expiresAtMs({ status, retentionMs }: Report): number | undefined {
  return "endedAtMs" in status ? status.endedAtMs + retentionMs : undefined;
}

/** Where all its bytes are in the object store, of every attempt. */
export function objectsOf({ tenant, id }: ReportKey): string {
  return `${tenant}/${id}`;
}
