import type { DrainDraft } from "./drain-draft.ts";
import type { SeenDrain } from "./drain-view.ts";
import type { Hands } from "./hands.ts";
import type { OpenedRevision } from "./opened-revision.ts";
import type { ReportOrder } from "./report-answers.ts";
import type { StepsDraft } from "./shift-draft.ts";
import type { ShiftVerb } from "./shift-view.ts";
import type { Draft } from "./split-draft.ts";

/** What people can do on the page. */
export type Actions = {
  /** From the next second on. */
  logIn(token: string): void;
  edit(draft: Draft): void;
  discard(): void;
  plan(draft: Draft): void;
  apply(draft: Draft): void;
  shift(name: string, verb: ShiftVerb): void;
  open(opened: OpenedRevision): void;
  planBack(opened: OpenedRevision): void;
  goBack(opened: OpenedRevision): void;
  go(hash: string): void;
  /** The same without a step in the browser's history: of what is moved over there would be hundreds. */
  look(hash: string): void;
  toggleMoving(): void;
  toggleHelp(): void;
  /** What is in hand: a drain that is written, steps, a report's confirmation. */
  drafts(hands: Partial<Pick<Hands, "drain" | "steps" | "order">>): void;
  lookAheadOfDrain(draft: DrainDraft): void;
  drain(draft: DrainDraft): void;
  undrain(drain: SeenDrain): void;
  extendDrain(drain: SeenDrain): void;
  beginShift(draft: Draft, steps: StepsDraft): void;
  orderReport(order: ReportOrder | undefined): void;
  actOnReport(order: ReportOrder): void;
  download(report: string, format: string): void;
};
