import type { ReportOrder } from "./report-answers.ts";

/** The request that does it, only to the report as it was seen. */
export function reportRequest({ id, verb, etag }: ReportOrder) {
  const headers: Record<string, string> = verb === "cancel" ? { "if-match": etag } : {};
  return { method: "POST" as const, path: `/v1/reports/${encodeURIComponent(id)}:${verb}`, headers };
}
