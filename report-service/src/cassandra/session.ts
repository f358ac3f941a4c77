import { Client, policies, types } from "cassandra-driver";
import { connectionTo } from "./connection.ts";
import { failureOf } from "./failure.ts";
import type { CassandraSettings } from "./settings.ts";

export type Value = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, unknown>>;
export type Statement = { readonly query: string; readonly values: readonly Value[] };

/** Statements against one keyspace. Throws StoreUnavailable where Cassandra cannot answer. */
export type Session = {
  /** All rows; those of a query without a limit come in pages. */
  rows(query: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** Whether the conditions held and so all of the statements, of one partition, were done. */
  applied(statements: readonly Statement[]): Promise<boolean>;
} & AsyncDisposable;

/** Of two writes the one with the later timestamp counts, whose server's clock is ahead or not. */
class Timestamps extends policies.timestampGeneration.MonotonicTimestampGenerator {
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    super(1_000, 1_000);
    this.#nowMs = nowMs;
  }

  override getDate(): number {
    return this.#nowMs();
  }
}

export type Use = { readonly keyspace: string; readonly nowMs: () => number };

/** Connects, or throws StoreUnavailable, and other errors where certificates cannot be read. `use` is left out where the keyspace is still to be made. */
export async function connect(settings: CassandraSettings, use?: Use): Promise<Session> {
  const serial = settings.serial === "local" ? types.consistencies.localSerial : types.consistencies.serial;
  const client = new Client({
    ...connectionTo(settings),
    ...(use && { keyspace: use.keyspace, policies: { timestampGeneration: new Timestamps(use.nowMs) } }),
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: settings.timeoutMs, readTimeout: settings.timeoutMs },
    queryOptions: { prepare: true, consistency: types.consistencies.localQuorum, serialConsistency: serial },
  });
  const said = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw failureOf(error, settings);
    });
  await said(client.connect()).catch(async (error: unknown) => {
    await client.shutdown();
    throw error;
  });
  return {
    async rows(query, values) {
      const found: Row[] = [];
      let pageState: string | undefined;
      do {
        const page = await said(client.execute(query, [...values], pageState === undefined ? {} : { pageState }));
        // What answers no rows, such as an insert, has none at all; the driver's types do not say so.
        const rows: readonly Row[] | undefined = page.rows;
        found.push(...(rows ?? []));
        pageState = page.pageState ?? undefined;
      } while (pageState !== undefined);
      return found;
    },
    async applied(statements) {
      const [first, ...others] = statements;
      if (first === undefined) return true;
      if (others.length === 0) return (await said(client.execute(first.query, [...first.values]))).wasApplied();
      const batch = statements.map(({ query, values }) => ({ query, params: [...values] }));
      return (await said(client.batch(batch))).wasApplied();
    },
    [Symbol.asyncDispose]: () => client.shutdown(),
  };
}

/** A whole number of milliseconds as a bigint column takes it. */
export function bigint(ms: number): bigint {
  return BigInt(Math.round(ms));
}
