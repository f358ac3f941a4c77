import type { Report } from "../model/report.ts";

/** Finds whose receiver is to be told; any number of servers may look at once. */
export type Notices = {
  /** Reports with a notice that is due at `beforeMs`, at most `limit`, longest overdue first. */
  due(beforeMs: number, limit: number): Promise<readonly Report[]>;
};
