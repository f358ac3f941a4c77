import { setImmediate as nextTurn } from "node:timers/promises";
import type { Table } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";
import type { FormatAbout } from "./format-about.ts";
import { pdfPage } from "./pdf-columns.ts";
import { startPages } from "./pdf-pages.ts";
import { longestTexts, textRows } from "./text-rows.ts";

/** Some 500 pages. More is not for people, and drawing takes a hundred times as long as writing CSV. */
export const pdfRows = 20_000;

/** Writes a document for people: title, parameters and time, then the rows with a header on every page. */
export async function writePdf(
  table: Table,
  path: string,
  about: FormatAbout,
  onProgress: (rows: number) => void,
): Promise<void> {
  const { rows, columns } = table;
  if (rows > pdfRows) {
    throw new DoesNotFit("TOO_MANY_ROWS", `${rows} rows; PDF takes at most ${pdfRows}: use XLSX, CSV or Parquet`);
  }
  const page = pdfPage(columns, await longestTexts(table));
  const pages = startPages(path, about, rows, page);
  try {
    let written = 0;
    for await (const piece of textRows(table)) {
      for (const row of piece) {
        await pages.row(row);
        written += 1;
        onProgress(written);
        // Rows of long texts take seconds, and the process is to hear meanwhile that it should stop, and say that it lives.
        await nextTurn();
      }
    }
    await pages.end();
  } catch (error) {
    pages.abandon();
    throw error;
  }
}
