import type { ReportKey, UploadKey } from "../model/names.ts";

/**
 * What is cleared from a store. `expired`: ended reports that were kept as long as they were to be; they become
 * EXPIRED. `forgotten`: expired reports, with their events and request ids. `stuck`: running reports whose lease has
 * ended and that nobody has taken over; they lose that attempt, and so are queued again or fail. `requests`: request ids
 * older than a day. `abandoned`: uploads that were never completed. `outdated`: uploads that were.
 */
export type Chore = "expired" | "forgotten" | "stuck" | "requests" | "abandoned" | "outdated";

export type Cleared =
  | { readonly kind: "report"; readonly key: ReportKey }
  | { readonly kind: "upload"; readonly key: UploadKey }
  | { readonly kind: "request"; readonly id: string };

/** What a cleaner needs of a store; any number of cleaners may work at once. */
export type CleanUp = {
  /** What `clear` would clear, at most `limit`, longest overdue first. */
  due(chore: Chore, beforeMs: number, limit: number): Promise<readonly Cleared[]>;
  /**
   * Clears what is due (expired, ended, created, completed, its lease over) at `beforeMs` or earlier and answers what,
   * each to one cleaner only. What changes with it has changed at `beforeMs`.
   */
  clear(chore: Chore, beforeMs: number, limit: number): Promise<readonly Cleared[]>;
};
