import type { DrainDraft } from "./drain-draft.ts";
import type { ReportDetail, ReportOrder, SeenReports } from "./report-answers.ts";
import { type StepsDraft, usualSteps } from "./shift-draft.ts";

/** Who the server takes this browser for, of `GET /v1/whoami`. */
export type Who = { readonly name?: string; readonly role: "viewer" | "shifter" | "admin" };

/** What people have in hand beside the shares, and what was looked up for that. */
export type Hands = {
  readonly who: Who | undefined;
  readonly drain: DrainDraft | undefined;
  readonly steps: StepsDraft;
  readonly reports: SeenReports | undefined;
  /** Of the report that the address names. */
  readonly report: ReportDetail | undefined;
  readonly order: ReportOrder | undefined;
};

export const newHands: Hands = {
  ...{ who: undefined, drain: undefined, steps: usualSteps },
  ...{ reports: undefined, report: undefined, order: undefined },
};
