import type { DuckDBConnection } from "@duckdb/node-api";
import { columnsOf } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";
import type { FormatAbout } from "./format-about.ts";
import { pdfPage } from "./pdf-columns.ts";
import { startPages } from "./pdf-pages.ts";
import { countRows, longestTexts, textRows } from "./text-rows.ts";

/** Some 500 pages. More is not for people, and drawing takes a hundred times as long as writing CSV. */
export const pdfRows = 20_000;

/** Writes a document for people: title, parameters and time, then the rows with a header on every page. */
export async function writePdf(
  connection: DuckDBConnection,
  table: string,
  path: string,
  about: FormatAbout,
  onProgress: (rows: number) => void,
): Promise<void> {
  const columns = await columnsOf(connection, table);
  const rows = await countRows(connection, table);
  if (rows > pdfRows) {
    throw new DoesNotFit("TOO_MANY_ROWS", `${rows} rows; PDF takes at most ${pdfRows}: use XLSX, CSV or Parquet`);
  }
  const page = pdfPage(columns, await longestTexts(connection, table, columns));
  const pages = startPages(path, about, rows, page);
  try {
    let written = 0;
    for await (const piece of textRows(connection, table, columns)) {
      for (const row of piece) await pages.row(row);
      written += piece.length;
      onProgress(written);
    }
    await pages.end();
  } catch (error) {
    pages.abandon();
    throw error;
  }
}
