import type { KindName, ReportId } from "../model/names.ts";
import type { FailureReason } from "../model/report.ts";

/** How an attempt ended. `superseded`: the report was cancelled or taken over while it ran. */
export type JobEnd = "succeeded" | "failed" | "lost" | "handed-back" | "superseded";

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
  | { readonly kind: "gave-up"; readonly report: ReportId; readonly reportKind: KindName }
  | { readonly kind: "worker-stumbled"; readonly cause: Error };
