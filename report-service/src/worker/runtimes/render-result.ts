import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Progress } from "../../model/report.ts";
import { openTable } from "../formats/columns.ts";
import { writeFormat } from "../formats/write-format.ts";
import type { Job, JobFile, JobResult } from "../runtime.ts";

/** How the work of a program ended that was not stopped. */
export type Ended = Exclude<JobResult, { kind: "stopped" }>;

/** Writes the table `temp.result`, which has so many rows, in each format of a job. */
export async function renderResult(
  connection: DuckDBConnection,
  rows: number,
  job: Job,
  scratch: string,
  onProgress: (progress: Progress) => void,
): Promise<Ended> {
  if (rows > job.maxRows) return tooManyRows(rows, job.maxRows);
  const table = await openTable(connection, "temp.result", rows);
  const files: JobFile[] = [];
  for (const format of job.formats) {
    const tellOf = (written: number) => {
      const done = files.length + (rows === 0 ? 0 : written / rows);
      onProgress({ stage: "render", percent: Math.floor((100 * done) / job.formats.length), rows: written });
    };
    onProgress({ stage: "render", percent: Math.floor((100 * files.length) / job.formats.length), rows });
    const path = join(scratch, `result.${format}`);
    const written = await writeFormat(table, format, path, job.about, tellOf).catch(async (cause) => {
      // What is half written would keep a full disk full.
      await Promise.all([...files, { path }].map((file) => rm(file.path, { force: true })));
      throw cause;
    });
    if (written.kind === "failed") return written;
    files.push({ format, path });
  }
  return { kind: "done", rows, files };
}

export function tooManyRows(rows: number, maxRows: number): Ended {
  return { kind: "failed", reason: "TOO_MANY_ROWS", message: `${rows} rows; this kind allows ${maxRows}` };
}
