import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "./columns.ts";

export type TextRow = readonly (string | null)[];

/** The rows of a table as text, in pieces of some 2,000; an interrupted connection throws. */
export async function* textRows(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column[],
): AsyncGenerator<readonly TextRow[], void> {
  const result = await connection.stream(`select ${columns.map(({ textSql }) => textSql).join(", ")} from ${table}`);
  for await (const chunk of result) yield chunk.getRows() as TextRow[];
}

/** How many characters the longest value of each column has. */
export async function longestTexts(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column[],
): Promise<readonly number[]> {
  const lengths = columns.map(({ textSql }) => `coalesce(max(length(${textSql})), 0)::integer`);
  const result = await connection.runAndReadAll(`select ${lengths.join(", ")} from ${table}`);
  return (result.getRows()[0] ?? []).map(Number);
}

export async function countRows(connection: DuckDBConnection, table: string): Promise<number> {
  const counted = await connection.runAndReadAll(`select count(*) from ${table}`);
  return Number(counted.value(0, 0));
}
