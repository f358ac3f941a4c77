import { followClock } from "../clock/follow-clock.ts";
import type { ClockNote } from "../ports/clock.ts";
import type { LookForOldTransactions } from "../ports/old-transactions.ts";
import type { HasOutbox } from "../ports/outbox.ts";
import type { ResultsLimits, ResultsQueue } from "../ports/results-queue.ts";
import type { Stores } from "../ports/stores.ts";
import { createChangeFeed } from "./change-feed.ts";
import { createChangeReports } from "./change-reports.ts";
import { createPostgresCleanUp } from "./clean-up.ts";
import { connect, type Role } from "./connect.ts";
import { createCreateReports } from "./create-reports.ts";
import { createDatabase, type Database } from "./database.ts";
import { createPostgresQueue } from "./job-queue.ts";
import { countPostgresJobsAhead } from "./jobs-ahead.ts";
import { rememberingLists } from "./list-reports.ts";
import { migrate } from "./migrate.ts";
import { createPostgresNotices } from "./notices.ts";
import { lookForOldTransactions } from "./old-transactions.ts";
import { openPostgresOutbox } from "./outbox.ts";
import { createPool } from "./pool.ts";
import { createQueueCounts } from "./queue-counts.ts";
import { readFromReplica } from "./read-from-replica.ts";
import { readFromPrimary } from "./read-reports.ts";
import { createPostgresReports } from "./report-store.ts";
import { createPostgresResults } from "./results-queue.ts";
import { startRotation } from "./rotate-slots.ts";
import { migrations } from "./schema.ts";
import type { PostgresSettings } from "./settings.ts";
import { createPostgresTryWrite } from "./try-write.ts";
import { createPostgresUploads } from "./upload-store.ts";

export type StoreOptions = { readonly results?: ResultsLimits; readonly observe?: (note: ClockNote) => void };

/** All ports of a store over one Postgres database, which any number of servers may share. */
export async function openPostgresStore(
  settings: PostgresSettings,
  { results: resultsLimits, observe = () => undefined }: StoreOptions = {},
): Promise<
  Stores &
    HasOutbox & {
      readonly results: ResultsQueue;
      readonly lookForOldTransactions: LookForOldTransactions;
    } & AsyncDisposable
> {
  const { addresses, replicas, pool, patienceMs } = settings;
  const connectTo = (role: Role) => () => connect(addresses, role, settings);
  await prepare(settings);
  await using opening = new AsyncDisposableStack();
  const database = opening.use(createDatabase(createPool(connectTo("primary"), { ...pool, patienceMs })));
  const clock = opening.use(await followClock(() => readTime(database), observe));
  const feed = opening.use(createChangeFeed(database, connectTo("primary")));
  const changeReports = createChangeReports(database, feed);
  const queue = opening.use(createPostgresQueue(database, feed, changeReports));
  opening.use(startRotation(database, clock));
  const listReports = rememberingLists();
  const primary = readFromPrimary(database, listReports);
  const openReplica = replicas && (() => connect(replicas, "standby", settings));
  const replica = openReplica && opening.use(createDatabase(createPool(openReplica, { ...pool, patienceMs })));
  const reads = replica ? opening.use(readFromReplica(primary, database, replica, listReports)) : primary;
  const createReports = createCreateReports(database, createQueueCounts(database));
  const opened = opening.move();
  return {
    reports: createPostgresReports({ database, feed, reads, createReports, changeReports }),
    queue: { ...queue, ahead: countPostgresJobsAhead(database) },
    uploads: createPostgresUploads(database),
    cleanUp: createPostgresCleanUp(database, feed, changeReports),
    notices: createPostgresNotices(database),
    results: createPostgresResults(database, feed, clock, resultsLimits),
    clock,
    tryWrite: createPostgresTryWrite(database, clock),
    lookForOldTransactions: lookForOldTransactions(database),
    openOutbox: () => openPostgresOutbox(database, feed, changeReports),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const time = { name: "time", text: "select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms" };

async function readTime(database: Database): Promise<number> {
  const [row] = await database.query(time, []);
  return Number(row?.["now_ms"]);
}

async function prepare(settings: PostgresSettings): Promise<void> {
  const client = await connect(settings.addresses, "primary", settings);
  try {
    await migrate(client, migrations);
  } finally {
    await client.end();
  }
}
