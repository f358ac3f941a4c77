import type { Table } from "./columns.ts";

export type TextRow = readonly (string | null)[];

/** The rows of a table as text, in pieces of some 2,000; an interrupted connection throws. */
export async function* textRows({ connection, name, columns }: Table): AsyncGenerator<readonly TextRow[], void> {
  const result = await connection.stream(`select ${columns.map(({ textSql }) => textSql).join(", ")} from ${name}`);
  for await (const chunk of result) yield chunk.getRows() as TextRow[];
}

/** How many characters the longest value of each column has. */
export async function longestTexts({ connection, name, columns }: Table): Promise<readonly number[]> {
  const lengths = columns.map(({ textSql }) => `coalesce(max(length(${textSql})), 0)::integer`);
  const result = await connection.runAndReadAll(`select ${lengths.join(", ")} from ${name}`);
  return (result.getRows()[0] ?? []).map(Number);
}
