import { followClock } from "../clock/follow-clock.ts";
import { type Clock, type ClockNote, ownClock } from "../ports/clock.ts";
import type { HasOutbox } from "../ports/outbox.ts";
import type { ResultsLimits, ResultsQueue } from "../ports/results-queue.ts";
import type { Stores } from "../ports/stores.ts";
import { createBells } from "./bells.ts";
import { createClaimTurns } from "./claim-turn.ts";
import { createCassandraCleanUp } from "./clean-up.ts";
import { createHints } from "./hints.ts";
import { createIntents } from "./intents.ts";
import { createCassandraQueue } from "./job-queue.ts";
import { createCassandraNotices } from "./notices.ts";
import { createCassandraOutbox, createOutboxSwitch } from "./outbox.ts";
import { createQueueCounts } from "./queue-counts.ts";
import { createReportRows } from "./report-rows.ts";
import { createCassandraReports } from "./report-store.ts";
import { createCassandraResults } from "./results-queue.ts";
import { prepareKeyspace } from "./schema.ts";
import { connect, type Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";
import { createCassandraTryWrite } from "./try-write.ts";
import { createCassandraUploads } from "./upload-store.ts";

export type StoreOptions = { readonly results?: ResultsLimits; readonly observe?: (note: ClockNote) => void };

/**
 * All ports of a store over a Cassandra keyspace, which any number of servers may share. What a keyspace or a table lacks is
 * made. Throws StoreUnavailable where none of the contact points answers.
 */
export async function openCassandraStore(
  settings: CassandraSettings,
  { results: limits, observe = () => undefined }: StoreOptions = {},
): Promise<Stores & HasOutbox & { readonly results: ResultsQueue } & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  {
    await using preparing = await connect(settings);
    await prepareKeyspace(preparing, settings);
  }
  let clock: Clock = ownClock;
  const session = opening.use(await connect(settings, { keyspace: settings.keyspace, nowMs: () => clock.now() }));
  const followed = opening.use(await followClock(() => readTime(session), observe));
  clock = followed;
  const hints = createHints(session);
  const bells = createBells();
  const outbox = createOutboxSwitch(session);
  const rows = createReportRows(session, { hints, bells, hasOutbox: outbox.isOpen });
  const intents = createIntents(session, hints);
  const counts = createQueueCounts(hints);
  const queue = { rows, hints, bells, counts, turns: createClaimTurns(session, clock) };
  const opened = opening.move();
  return {
    reports: createCassandraReports({ rows, intents, counts, hints, bells }),
    queue: createCassandraQueue(queue),
    results: createCassandraResults(hints, bells, clock, limits),
    uploads: createCassandraUploads(session, hints),
    cleanUp: createCassandraCleanUp(session, { rows, hints, intents }),
    notices: createCassandraNotices({ rows, hints }),
    clock,
    tryWrite: createCassandraTryWrite(session, clock),
    async openOutbox() {
      await outbox.open();
      return createCassandraOutbox(queue);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** That of whichever node is asked: what Cassandra is to decide by, its nodes have to agree on anyhow. */
async function readTime(session: Session): Promise<number> {
  const [row] = await session.rows("select tounixtimestamp(now()) as now_ms from system.local", []);
  return Number(row?.["now_ms"]);
}
