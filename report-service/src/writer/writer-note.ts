import type { Refusal } from "../model/change-report.ts";
import type { ReportId } from "../model/names.ts";

/** What writers of results have to tell. */
export type WriterNote =
  | { readonly kind: "results-written"; readonly written: number; readonly refused: number; readonly tookMs: number }
  | {
      readonly kind: "result-refused";
      readonly report: ReportId;
      readonly attempt: number;
      readonly why: Refusal | "unknown";
    }
  | { readonly kind: "result-dropped"; readonly report: ReportId; readonly attempt: number; readonly cause: Error }
  | { readonly kind: "writer-stumbled"; readonly cause: Error };
