import type { DuckDBConnection } from "@duckdb/node-api";
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
    const names = Array.from({ length: statement.parameterCount }, (_, index) => statement.parameterName(index + 1));
    statement.bind(Object.fromEntries(names.map((name) => [name, job.parameters[name] ?? null])));
    onProgress({ stage: "query", percent: 0, rows: 0 });
    const made = await statement.run();
    // Its one value says how many rows there are.
    const [[rows] = []] = made.getChunk(0).getRows();
    return await renderResult(connection, Number(rows), job, scratch, onProgress);
  } finally {
    await connection.run("drop table if exists temp.result");
  }
}
