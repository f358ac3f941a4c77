import type { Format } from "../../model/report.ts";
import type { Table } from "./columns.ts";
import { copyRows } from "./copy-rows.ts";
import { DoesNotFit } from "./does-not-fit.ts";
import type { FormatAbout, Written } from "./format-about.ts";

/**
 * Writes a table to a new file; equal rows and an equal `about` make equal bytes. What DuckDB cannot do
 * throws. `onProgress` is told how many rows are written, by the formats that are not DuckDB's own; those go on where
 * the connection is interrupted, and end with what it throws.
 */
export async function writeFormat(
  table: Table,
  format: Format,
  path: string,
  about: FormatAbout,
  onProgress: (rows: number) => void = () => {},
): Promise<Written> {
  try {
    await write(table, format, path, about, onProgress);
    return { kind: "written" };
  } catch (error) {
    if (error instanceof DoesNotFit) return { kind: "failed", reason: error.reason, message: error.message };
    throw error;
  }
}

async function write(
  table: Table,
  format: Format,
  path: string,
  about: FormatAbout,
  onProgress: (rows: number) => void,
): Promise<void> {
  switch (format) {
    // Their libraries are loaded when first asked for: most reports are of the other formats.
    case "pdf":
      return (await import("./write-pdf.ts")).writePdf(table, path, about, onProgress);
    case "xlsx":
      return (await import("./write-xlsx.ts")).writeXlsx(table, path, onProgress);
    default:
      return copyRows(table, format, path);
  }
}
