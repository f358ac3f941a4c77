import type { PageEvent, PageState } from "./page-state.ts";
import type { QueueRow, ReportDetail, ReportRow, ReportsAnswer } from "./report-answers.ts";
import { ask, RefusedError, whyNot } from "./weir-api.ts";

const everyMs = 2_000;
let isAsking = false;
let lastAt = 0;
let lastOf = "";

/** Asks for reports and their queues while somebody looks at them; what was known stays, with its age, when there is no answer. */
export async function hearReports(
  { address, asksWho, hands }: PageState,
  dispatch: (event: PageEvent) => void,
): Promise<void> {
  const { view, state = "", report } = address;
  if (view !== "reports" || asksWho || isAsking || document.hidden) return;
  const of = `${state} ${report ?? ""} ${hands.order?.stage.kind ?? ""}`;
  if (of === lastOf && Date.now() - lastAt < everyMs) return;
  isAsking = true;
  lastOf = of;
  try {
    const answer = await reportsNow(state);
    dispatch({ kind: "in-hand", hands: { reports: { answer, at: Date.now() } } });
    if (report !== undefined) {
      const detail = await ask<ReportDetail>(`/v1/reports/${encodeURIComponent(report)}`);
      dispatch({ kind: "in-hand", hands: { report: detail } });
    }
  } catch (cause) {
    const isUnknown = cause instanceof RefusedError && cause.reason === "NO_REPORT_SERVICE";
    const { answer, at = Date.now() } = hands.reports ?? {};
    dispatch({ kind: "in-hand", hands: { reports: { answer, at, why: whyNot(cause), isUnknown } } });
  } finally {
    lastAt = Date.now();
    isAsking = false;
  }
}

async function reportsNow(state: string): Promise<ReportsAnswer> {
  const query = new URLSearchParams({ pageSize: "100", ...(state && { state }) });
  const [list, queues] = await Promise.all([
    ask<{ readonly tenant: string; readonly reports: readonly ReportRow[]; readonly nextPageToken?: string }>(
      `/v1/reports?${query}`,
    ),
    ask<{ readonly queues: readonly QueueRow[]; readonly silent: ReportsAnswer["silent"] }>("/v1/report-queues"),
  ]);
  return {
    ...{ tenant: list.tenant, reports: list.reports, more: list.nextPageToken !== undefined },
    ...{ queues: queues.queues, silent: queues.silent },
  };
}
