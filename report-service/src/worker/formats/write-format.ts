import type { DuckDBConnection } from "@duckdb/node-api";
import { never } from "../../model/never.ts";
import type { Format } from "../../model/report.ts";
import type { FormatAbout, Written } from "./format-about.ts";

/**
 * Writes the rows of `table` to a new file; equal rows and an equal `about` make equal bytes. What DuckDB cannot do
 * throws, as does an interrupted one. `onProgress` is told how many rows are written, where the format counts them.
 */
export async function writeFormat(
  connection: DuckDBConnection,
  table: string,
  format: Format,
  path: string,
  _about: FormatAbout,
  _onProgress: (rows: number) => void = () => {},
): Promise<Written> {
  switch (format) {
    case "csv":
      return copy(connection, table, path, "format csv, header true");
    case "json":
      return copy(connection, table, path, "format json, array true");
    case "ndjson":
      return copy(connection, table, path, "format json, array false");
    case "parquet":
      return copy(connection, table, path, "format parquet, compression zstd");
    case "pdf":
    case "xlsx":
      return { kind: "failed", reason: "RENDER_FAILED", message: `this server does not write ${format} yet` };
    default:
      return never(format);
  }
}

async function copy(connection: DuckDBConnection, table: string, path: string, options: string): Promise<Written> {
  await connection.run(`copy (from ${table}) to '${path.replaceAll("'", "''")}' (${options})`);
  return { kind: "written" };
}
