import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Progress } from "../../model/report.ts";
import { writeFormat } from "../formats/write-format.ts";
import type { Job, JobFile, JobResult } from "../runtime.ts";

type QueryResult = Extract<JobResult, { kind: "done" | "failed" }>;

/**
 * Runs a job's query once into a temporary table and writes that in each format. Parameters are bound; one that the
 * client left out is null. An interrupted query throws, as DuckDB does.
 */
export async function runQuery(
  connection: DuckDBConnection,
  job: Job,
  scratch: string,
  onProgress: (progress: Progress) => void,
): Promise<QueryResult> {
  try {
    return await render(connection, job, scratch, onProgress);
  } finally {
    await connection.run("drop table if exists temp.result");
  }
}

async function render(
  connection: DuckDBConnection,
  job: Job,
  scratch: string,
  onProgress: (progress: Progress) => void,
): Promise<QueryResult> {
  // The line break ends a comment on the query's last line.
  const statement = await connection.prepare(`create temp table result as (${job.query}\n)`);
  const names = Array.from({ length: statement.parameterCount }, (_, index) => statement.parameterName(index + 1));
  statement.bind(Object.fromEntries(names.map((name) => [name, job.parameters[name] ?? null])));
  onProgress({ stage: "query", percent: 0, rows: 0 });
  await statement.run();

  const counted = await connection.runAndReadAll("select count(*)::integer from result");
  const rows = Number(counted.value(0, 0));
  if (rows > job.maxRows) {
    return { kind: "failed", reason: "TOO_MANY_ROWS", message: `${rows} rows; this kind allows ${job.maxRows}` };
  }
  const files: JobFile[] = [];
  for (const format of job.formats) {
    const tellOf = (written: number) => {
      const done = files.length + (rows === 0 ? 0 : written / rows);
      onProgress({ stage: "render", percent: Math.floor((100 * done) / job.formats.length), rows: written });
    };
    onProgress({ stage: "render", percent: Math.floor((100 * files.length) / job.formats.length), rows });
    const path = join(scratch, `result.${format}`);
    const written = await writeFormat(connection, "temp.result", format, path, job.about, tellOf);
    if (written.kind === "failed") return written;
    files.push({ format, path });
  }
  return { kind: "done", rows, files };
}
