import type { KindName, ReportKey } from "./names.ts";

/** `csv` has a header line, `json` is one array of objects. */
export type Format = "csv" | "json";

/** Parameters after validation: what JSON can hold at the top level of the kind's schema. */
export type Parameters = { readonly [name: string]: string | number | boolean | null };

/** Why an attempt or a report ended without a result; clients see it as the reason of a google.rpc.ErrorInfo. */
export type FailureReason =
  | "RENDER_FAILED"
  | "TOO_MANY_ROWS"
  | "OUT_OF_MEMORY"
  | "KIND_UNKNOWN"
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
  | { readonly kind: "cancelled"; readonly endedAtMs: number; readonly failure: Failure };

export type Report = ReportKey & {
  readonly kind: KindName;
  readonly parameters: Parameters;
  readonly formats: readonly Format[];
  readonly datacenter: string;
  readonly createdAtMs: number;
  /** W3C trace context of the call that created it: its job continues that trace. */
  readonly traceparent?: string;
  /** Grows with each change that a watcher may see. */
  readonly sequence: number;
  readonly attempts: readonly Attempt[];
  readonly status: Status;
};

/** A report as it is right after its creation. */
export function newReport(facts: Omit<Report, "sequence" | "attempts" | "status">): Report {
  return { ...facts, sequence: 1, attempts: [], status: { kind: "queued" } };
}

/** Whether nothing will change any more. */
export function hasEnded(report: Report): boolean {
  return report.status.kind !== "queued" && report.status.kind !== "running";
}
