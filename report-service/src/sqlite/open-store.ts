import type { JobQueue } from "../ports/job-queue.ts";
import type { ReportStore } from "../ports/report-store.ts";
import { createChangeFeed } from "./change-feed.ts";
import { createSqliteQueue } from "./job-queue.ts";
import { openDatabase } from "./open-database.ts";
import { createSqliteReports } from "./report-store.ts";

// How late a change made by another process may be seen. One look costs 2 µs.
const pollMs = 100;

/** Both ports over one SQLite file, which any number of processes on this machine may share. */
export function openStore(path: string): { readonly reports: ReportStore; readonly queue: JobQueue } & Disposable {
  const database = openDatabase(path);
  const feed = createChangeFeed(database, pollMs);
  const queue = createSqliteQueue(database, feed);
  return {
    reports: createSqliteReports(database, feed, queue.lengthNow),
    queue,
    [Symbol.dispose]() {
      feed[Symbol.dispose]();
      database.close();
    },
  };
}
