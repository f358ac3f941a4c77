import type { ReportKey, UploadKey } from "../model/names.ts";

/**
 * What is cleared from a store. `expired`: ended reports that were kept as long as they were to be; they become
 * EXPIRED. `forgotten`: expired reports, with their events and request ids. `requests`: request ids older than a day.
 * `abandoned`: uploads that were never completed.
 */
export type Chore = "expired" | "forgotten" | "requests" | "abandoned";

export type Cleared =
  | { readonly kind: "report"; readonly key: ReportKey }
  | { readonly kind: "upload"; readonly key: UploadKey }
  | { readonly kind: "request"; readonly id: string };

/** What a cleaner needs of a store; any number of cleaners may work at once. */
export type CleanUp = {
  /** What `clear` would clear, at most `limit`, longest overdue first. */
  due(chore: Chore, beforeMs: number, limit: number): Promise<readonly Cleared[]>;
  /** Clears what is due (expired, ended, created) at `beforeMs` or earlier and answers what, each to one cleaner only. */
  clear(chore: Chore, beforeMs: number, limit: number): Promise<readonly Cleared[]>;
};
