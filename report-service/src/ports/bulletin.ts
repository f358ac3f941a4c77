import type { ReportKey } from "../model/names.ts";
import type { Progress } from "../model/report.ts";

/**
 * What is told of a report. `changed`: the store has what happened, up to that sequence. `progress` of the attempt that
 * runs: nowhere else. `missed`: something may not have been heard, so look in the store.
 */
export type Notice =
  | { readonly kind: "changed"; readonly sequence: number }
  | { readonly kind: "progress"; readonly attempt: number; readonly progress: Progress }
  | { readonly kind: "missed" };

/**
 * Tells all servers what happens to reports, at once but at most once: nothing of it is kept, what was lost is in the
 * store. Listeners are called in the order of one teller's notices and must not take long.
 */
export type Bulletin = {
  /** Resolves when it was handed over; a notice that could not be told is dropped, not thrown. */
  tell(key: ReportKey, notice: Exclude<Notice, { readonly kind: "missed" }>): Promise<void>;
  /** Calls `hear` for each notice about a report, also those that this server tells, until disposed. */
  listen(key: ReportKey, hear: (notice: Notice) => void): Disposable;
};
