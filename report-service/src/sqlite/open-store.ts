import { followOwnClock } from "../clock/follow-clock.ts";
import type { ClockNote } from "../ports/clock.ts";
import type { HasOutbox } from "../ports/outbox.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import type { Stores } from "../ports/stores.ts";
import { createChangeFeed } from "./change-feed.ts";
import { createSqliteCleanUp } from "./clean-up.ts";
import { createSqliteQueue } from "./job-queue.ts";
import { countSqliteJobsAhead } from "./jobs-ahead.ts";
import { createSqliteNotices } from "./notices.ts";
import { openDatabase } from "./open-database.ts";
import { openSqliteOutbox } from "./outbox.ts";
import { createSqliteReports } from "./report-store.ts";
import { createSqliteResults } from "./results-queue.ts";
import { createSqliteTryWrite } from "./try-write.ts";
import { createSqliteUploads } from "./upload-store.ts";

// How late a change made by another process may be seen. One look costs 2 µs.
const pollMs = 100;

/** All ports of a store over one SQLite file, which any number of processes on this machine may share. */
export function openStore(
  path: string,
  observe: (note: ClockNote) => void = () => undefined,
): Stores & HasOutbox & { readonly results: ResultsQueue } & Disposable {
  const database = openDatabase(path);
  const feed = createChangeFeed(database, pollMs);
  const clock = followOwnClock(observe);
  return {
    reports: createSqliteReports(database, feed),
    queue: { ...createSqliteQueue(database, feed), ahead: countSqliteJobsAhead(database) },
    uploads: createSqliteUploads(database),
    cleanUp: createSqliteCleanUp(database, feed),
    notices: createSqliteNotices(database),
    results: createSqliteResults(database, feed, clock),
    clock,
    tryWrite: createSqliteTryWrite(database, clock),
    openOutbox: () => openSqliteOutbox(database, feed),
    [Symbol.dispose]() {
      clock[Symbol.dispose]();
      feed[Symbol.dispose]();
      database.close();
    },
  };
}
