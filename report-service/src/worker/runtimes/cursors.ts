import {
  type DuckDBConnection,
  type DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type Json,
  StatementType,
} from "@duckdb/node-api";
import { sqlText } from "./sample-sales.ts";

/** What a program gets of a query: the text of what is no number, boolean or text in JSON. */
export type Opened = { readonly cursor: number; readonly names: readonly string[]; readonly types: readonly string[] };
export type Fetched = { readonly rows: readonly (readonly Json[])[]; readonly last: boolean };

export type Cursors = {
  open(sql: string, parameters: Readonly<Record<string, string | number | boolean | null>>): Promise<Opened>;
  /** The next rows, some two thousand at most. */
  fetch(cursor: number): Promise<Fetched>;
  close(cursor: number): void;
  interrupt(): void;
} & Disposable;

// Each has a connection and a buffer.
const maxOpen = 16;

/** Queries of one program over an engine: it may only read, and have several open at once. */
export function createCursors(instance: DuckDBInstance): Cursors {
  type Cursor = {
    readonly connection: DuckDBConnection;
    readonly statement: DuckDBPreparedStatement;
    readonly rows: AsyncIterator<readonly (readonly Json[])[]>;
  };
  const open = new Map<number, Cursor>();
  let made = 0;

  function close(cursor: number): void {
    const found = open.get(cursor);
    // Until then, what it has read from counts as the engine's memory.
    found?.statement.destroySync();
    found?.connection.closeSync();
    open.delete(cursor);
  }

  return {
    async open(sql, parameters) {
      if (open.size >= maxOpen) throw new Error(`${maxOpen} queries are open at once; read one to its end first`);
      const connection = await instance.connect();
      made += 1;
      const cursor = made;
      try {
        const statement = await connection.prepare(sql);
        if (statement.statementType !== StatementType.SELECT) throw new Error("only a query that selects may be asked");
        statement.bind(boundOf(statement.parameterCount, (index) => statement.parameterName(index), parameters));
        const result = await statement.stream();
        open.set(cursor, { connection, statement, rows: result.yieldRowsJson() });
        return { cursor, names: result.deduplicatedColumnNames(), types: result.columnTypes().map(nameOf) };
      } catch (error) {
        connection.closeSync();
        throw error;
      }
    },
    async fetch(cursor) {
      const found = open.get(cursor);
      if (!found) throw new Error("this query is not open");
      const next = await found.rows.next();
      if (next.done !== true) return { rows: next.value, last: false };
      close(cursor);
      return { rows: [], last: true };
    },
    close,
    interrupt() {
      for (const { connection } of open.values()) connection.interrupt();
    },
    [Symbol.dispose]() {
      for (const cursor of open.keys()) close(cursor);
    },
  };
}

type Bound = Readonly<Record<string, string | number | boolean | null>>;

function boundOf(count: number, nameOf: (index: number) => string, given: Bound): Bound {
  const names = Array.from({ length: count }, (_, index) => nameOf(index + 1));
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  if (missing.length > 0) throw new Error(`the query has $${missing.map(sqlText).join(", $")}, which was not given`);
  return Object.fromEntries(names.map((name) => [name, given[name] ?? null]));
}

function nameOf(type: DuckDBType): string {
  return String(type);
}
