import type pg from "pg";
import { cancelStatement } from "./cancel-statement.ts";
import { connectionFailure, endsConnection, failureOf, isDeadlock, sqlState } from "./failure.ts";
import type { Pool } from "./pool.ts";

/** Prepared at each connection once; one that has no `name` is parsed each time. */
export type Statement = { readonly name?: string; readonly text: string };

export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | boolean | null;
export type Query = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

export type Database = {
  /** One statement, which is a transaction. An aborted `signal` ends the waiting, and the statement. */
  query(statement: Statement, values: readonly Value[], signal?: AbortSignal): Promise<readonly Row[]>;
  /** `work` in one transaction, which is tried again where it met another one. */
  transact<T>(work: (query: Query) => Promise<T>): Promise<T>;
} & AsyncDisposable;

// Deadlocks end as soon as one of those in it goes first.
const tries = 5;

export function createDatabase(pool: Pool): Database {
  async function transactOnce<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await pool.take();
    try {
      await run(client, { text: "begin" }, []);
      const result = await work((statement, values) => run(client, statement, values));
      await run(client, { text: "commit" }, []);
      pool.giveBack(client, false);
      return result;
    } catch (error) {
      const sound = !endsConnection(error) && (await rolledBack(client));
      pool.giveBack(client, !sound);
      throw error;
    }
  }

  return {
    async query(statement, values, signal) {
      signal?.throwIfAborted();
      return withRetries(async () => {
        const client = await pool.take(signal);
        if (signal?.aborted) pool.giveBack(client, false);
        signal?.throwIfAborted();
        return signal ? runUntil(pool, client, statement, values, signal) : runAlone(pool, client, statement, values);
      });
    },
    transact: (work) => withRetries(() => transactOnce(work)),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

async function withRetries<T>(once: () => Promise<T>): Promise<T> {
  for (let triesLeft = tries; ; triesLeft -= 1) {
    try {
      return await once();
    } catch (error) {
      if (triesLeft === 0 || !isDeadlock(error)) throw failureOf(error);
    }
  }
}

async function runAlone(pool: Pool, client: pg.Client, statement: Statement, values: readonly Value[]) {
  try {
    const rows = await run(client, statement, values);
    pool.giveBack(client, false);
    return rows;
  } catch (error) {
    pool.giveBack(client, endsConnection(error));
    throw error;
  }
}

/** A cancelled connection is not used again: the cancellation might arrive late and hit what runs on it next. */
async function runUntil(
  pool: Pool,
  client: pg.Client,
  statement: Statement,
  values: readonly Value[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const left = Promise.withResolvers<never>();
  let cancelled: Promise<void> | undefined;
  let hasEnded = false;
  const leave = () => {
    left.reject(signal.reason);
    // What has been answered already, and is only to be read, needs no cancelling.
    setImmediate(() => {
      if (!hasEnded) cancelled = cancelStatement(client);
    });
  };
  const end = (isBroken: boolean) => {
    hasEnded = true;
    signal.removeEventListener("abort", leave);
    pool.giveBack(client, isBroken || cancelled !== undefined);
  };
  signal.addEventListener("abort", leave, { once: true });
  const running = run(client, statement, values);
  running.then(
    () => end(false),
    (error) => end(endsConnection(error)),
  );
  return Promise.race([running, left.promise]);
}

async function rolledBack(client: pg.Client): Promise<boolean> {
  return run(client, { text: "rollback" }, []).then(
    () => true,
    () => false,
  );
}

// With a callback: a promise of node-postgres takes a stack trace for each statement, a fifth of what a small one costs.
function run(client: pg.Client, { name, text }: Statement, values: readonly Value[]): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const query = { text, values: [...values], ...(name !== undefined && { name }) };
    client.query(query, (error: Error | undefined, result) => {
      if (!error) resolve(result.rows);
      else reject(sqlState(error) === undefined ? connectionFailure(error) : error);
    });
  });
}
