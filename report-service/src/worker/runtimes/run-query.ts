import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import type { Progress } from "../../model/report.ts";
import type { Job } from "../runtime.ts";
import { type Ended, renderResult } from "./render-result.ts";

/**
 * Runs a query once into a temporary table and writes that in each format of its job. Parameters are bound; one that
 * the client left out is null. An interrupted query throws, as DuckDB does.
 */
export async function runQuery(
  connection: DuckDBConnection,
  query: string,
  job: Job,
  scratch: string,
  onProgress: (progress: Progress) => void,
): Promise<Ended> {
  try {
    // The line break ends a comment on the query's last line.
    const statement = await connection.prepare(`create temp table result as (${query}\n)`);
    onProgress({ stage: "query", percent: 0, rows: 0 });
    const rows = await runBound(statement, job);
    return await renderResult(connection, rows, job, scratch, onProgress);
  } finally {
    await connection.run("drop table if exists temp.result");
  }
}

/** How many rows it made. */
async function runBound(statement: DuckDBPreparedStatement, { parameters }: Job): Promise<number> {
  try {
    const names = Array.from({ length: statement.parameterCount }, (_, index) => statement.parameterName(index + 1));
    statement.bind(Object.fromEntries(names.map((name) => [name, parameters[name] ?? null])));
    const made = await statement.run();
    const [[rows] = []] = made.getChunk(0).getRows();
    return Number(rows);
  } finally {
    // What it has read from, 32 MB for each CSV file, counts as the engine's memory until then; left to the garbage
    // collector, which does not see it, that was used up after a few uploads.
    statement.destroySync();
  }
}
