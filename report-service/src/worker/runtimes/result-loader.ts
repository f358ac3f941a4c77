import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnType, KindColumn } from "../../model/kind.ts";

const sqlTypes: Readonly<Record<string, string>> = {
  text: "varchar",
  integer: "bigint",
  number: "double",
  boolean: "boolean",
  date: "date",
  timestamp: "timestamp",
};

/** Fills the table `temp.result`. */
export type ResultLoader = {
  /** Rows with the text of each value, in the order of the columns. Throws at a value that is not of its column's type. */
  append(rows: readonly (readonly (string | null)[])[]): void;
  count(): number;
  /** All rows that were appended are in the table after this. */
  finish(): void;
};

export async function createResultLoader(
  connection: DuckDBConnection,
  columns: readonly KindColumn[],
): Promise<ResultLoader> {
  const list = columns.map(({ name, type }) => `"${name.replaceAll('"', '""')}" ${sqlTypeOf(type)}`).join(", ");
  await connection.run(`create or replace temp table result (${list})`);
  const appender = await connection.createAppender("result", "main", "temp");
  let count = 0;
  return {
    append(rows) {
      for (const row of rows) {
        count += 1;
        for (const [at, { name, type }] of columns.entries()) {
          const text = row[at] ?? null;
          try {
            // DuckDB casts text to whatever the column is.
            if (text === null) appender.appendNull();
            else appender.appendVarchar(text);
          } catch {
            throw new Error(`row ${count}, column ${name}: ${JSON.stringify(text).slice(0, 100)} is no ${type}`);
          }
        }
        appender.endRow();
      }
      appender.flushSync();
    },
    count: () => count,
    finish: () => appender.closeSync(),
  };
}

function sqlTypeOf(type: ColumnType): string {
  return sqlTypes[type] ?? type;
}
