import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { failureOf, isBusy } from "./failure.ts";

/** How long a transaction waits in all for the lock of another process, or for its turn in this one. */
const patienceMs = 3_000;
const longestPauseMs = 50;

export type Row = Record<string, SQLOutputValue>;
export type Statement = {
  run(...values: readonly SQLInputValue[]): void;
  get(...values: readonly SQLInputValue[]): Row | undefined;
  all(...values: readonly SQLInputValue[]): readonly Row[];
  iterate(...values: readonly SQLInputValue[]): Iterable<Row>;
};

/** A connection to the store's file. Whatever it does throws `StoreUnavailable` where the file cannot be had now. */
export type Database = {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  /**
   * Runs `work` under the write lock, taken at once: a lock taken later, on the first write, cannot be waited for. All of
   * `work` is done, or nothing; it may be run more than once. What is free is taken within this call; what another process
   * has is waited for without holding the event loop.
   */
  transact<T>(work: () => T): Promise<T>;
  close(): void;
};

export function databaseOver(connection: DatabaseSync): Database {
  let waiting = 0;
  let lastTurn: Promise<unknown> = Promise.resolve();

  /** Undefined: another process has the lock. */
  function tryNow<T>(work: () => T): { readonly result: T } | undefined {
    if (!connection.isOpen) throw new StoreUnavailable("the store is closed", patienceMs, undefined);
    try {
      return { result: transactNow(connection, work) };
    } catch (error) {
      const failure = failureOf(error);
      if (failure instanceof StoreUnavailable && isBusy(failure.cause)) return undefined;
      throw failure;
    }
  }

  async function tryUntil<T>(work: () => T, untilMs: number): Promise<T> {
    for (let pauseMs = 1; performance.now() < untilMs; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      // By chance, so that processes that wait for the same do not meet again and again.
      await delay(pauseMs * (0.5 + Math.random() / 2));
      const done = tryNow(work);
      if (done) return done.result;
    }
    throw new StoreUnavailable(`another process has locked the store's file for ${patienceMs} ms`, 1_000, undefined);
  }

  return {
    prepare: (sql) => prepared(connection, sql),
    exec: (sql) => mapped(() => connection.exec(sql)),
    async transact(work) {
      const done = waiting === 0 ? tryNow(work) : undefined;
      if (done) return done.result;
      // One after the other: each try holds the event loop for a moment, so that many at a time would hold it for long.
      const untilMs = performance.now() + patienceMs;
      waiting += 1;
      const turn = lastTurn.then(() => tryUntil(work, untilMs)).finally(() => (waiting -= 1));
      lastTurn = turn.catch(() => undefined);
      return turn;
    },
    close: () => connection.close(),
  };
}

/** As `Database.transact`, waiting no longer than a single statement does. */
export function transactNow<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec("begin immediate");
  try {
    const result = work();
    connection.exec("commit");
    return result;
  } catch (error) {
    if (connection.isTransaction) connection.exec("rollback");
    throw error;
  }
}

function prepared(connection: DatabaseSync, sql: string): Statement {
  const statement = mapped(() => connection.prepare(sql));
  return {
    run: (...values) => void mapped(() => statement.run(...values)),
    get: (...values) => mapped(() => statement.get(...values)),
    all: (...values) => mapped(() => statement.all(...values)),
    *iterate(...values) {
      try {
        yield* statement.iterate(...values);
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

function mapped<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw failureOf(error);
  }
}
