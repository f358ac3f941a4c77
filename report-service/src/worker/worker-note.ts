import type { Language } from "../model/kind.ts";
import type { KindName, ReportId } from "../model/names.ts";
import type { FailureReason } from "../model/report.ts";

/**
 * How an attempt ended. `superseded`: the report was cancelled or taken over while it ran. `not-started`: no worker
 * process was to be had. `put-off`: a disk was full, or a store was away.
 */
export type JobEnd = "succeeded" | "failed" | "lost" | "handed-back" | "not-started" | "put-off" | "superseded";

/** What workers have to tell. */
export type WorkerNote =
  | { readonly kind: "job-started"; readonly report: ReportId; readonly reportKind: KindName; readonly attempt: number }
  | {
      readonly kind: "job-ended";
      readonly report: ReportId;
      readonly reportKind: KindName;
      readonly attempt: number;
      readonly end: JobEnd;
      readonly reason?: FailureReason;
      readonly message?: string;
      readonly tookMs: number;
    }
  /** Its code got too little of the CPU time that nobody else wants, and begins once more with its share. */
  | {
      readonly kind: "code-starved";
      readonly report: ReportId;
      readonly reportKind: KindName;
      readonly attempt: number;
    }
  /** Code of this server has CPU time as others have it. */
  | { readonly kind: "code-not-idle"; readonly cause: Error }
  | { readonly kind: "gave-up"; readonly report: ReportId; readonly reportKind: KindName }
  /** Nothing of the cluster, or of one kind, is made for so long. */
  | {
      readonly kind: "circuit-opened";
      readonly cluster: Language;
      readonly reportKind?: KindName;
      readonly why: string;
      readonly forMs: number;
    }
  | { readonly kind: "circuit-closed"; readonly cluster: Language; readonly reportKind?: KindName }
  | { readonly kind: "worker-stumbled"; readonly cause: Error };
