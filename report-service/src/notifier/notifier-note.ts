import type { ReportId, TenantId } from "../model/names.ts";

/** What those who tell receivers have to tell. */
export type NotifierNote =
  | {
      readonly kind: "notice-ended";
      /** `given-up`: a day is over, or the receiver said that it is gone for good (410). */
      readonly end: "delivered" | "given-up";
      readonly tenant: TenantId;
      readonly report: ReportId;
      readonly tries: number;
      /** From the end of the report. */
      readonly tookMs: number;
      readonly cause?: Error;
    }
  | {
      readonly kind: "notice-failed";
      readonly tenant: TenantId;
      readonly report: ReportId;
      readonly tries: number;
      readonly nextMs: number;
      readonly cause: Error;
    }
  | { readonly kind: "notifier-stumbled"; readonly cause: Error }
  /** What was read before stays. */
  | { readonly kind: "notify-secrets-wrong"; readonly cause: Error };
