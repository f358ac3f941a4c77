import type { ReportChange } from "./change-report.ts";
import type { Report } from "./report.ts";

/** Whether a refusal, which came with this report, only says that this very outcome of an attempt was written before. */
export function isWritten(
  change: Extract<ReportChange, { readonly kind: "succeed" | "fail" | "lose" | "hand-back" }>,
  { status, attempts }: Report,
): boolean {
  const last = attempts.at(-1);
  if (change.kind === "succeed") {
    const { attempt, artifacts } = change;
    if (status.kind !== "succeeded" || last?.number !== attempt) return false;
    return artifacts.every(({ key }) => status.artifacts.some((written) => written.key === key));
  }
  return attempts.some(({ number, endedAtMs }) => number === change.attempt && endedAtMs !== undefined);
}
