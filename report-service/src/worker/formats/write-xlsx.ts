import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeXlsxStream } from "hucre/xlsx";
import type { Column, Table } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";
import { longestTexts, type TextRow, textRows } from "./text-rows.ts";
import { type XlsxCell, xlsxCell, xlsxFormat, xlsxText } from "./xlsx-cell.ts";

// https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const excelColumns = 16_384;
const excelRows = 1_048_576;

/** Writes a workbook of as many sheets as Excel's limit of rows asks for, each with the header; in bounded memory. */
export async function writeXlsx(
  table: Table,
  path: string,
  onProgress: (rows: number) => void,
  rowsPerSheet: number = excelRows,
): Promise<void> {
  const { columns } = table;
  if (columns.length > excelColumns) {
    throw new DoesNotFit(
      "RENDER_FAILED",
      `${columns.length} columns; a sheet has at most ${excelColumns}: use CSV or Parquet`,
    );
  }
  const longest = await longestTexts(table);
  const sheet = {
    name: "Report",
    columns: columns.map((column, index) => ({
      header: xlsxText(column.name),
      width: Math.min(60, Math.max(column.name.length, longest[index] ?? 0, 6) + 2),
      ...xlsxFormat(column),
    })),
    freezePane: { rows: 1 },
    maxRowsPerSheet: rowsPerSheet,
    zip64: table.rows * mostBytes(longest) > mostInZip,
  };
  const rows = cells(textRows(table), columns, onProgress);
  await pipeline(Readable.from(writeXlsxStream(rows, sheet)), createWriteStream(path));
}

// A file of more than 4 GiB needs ZIP64, which some readers do not know; so others are written without.
const mostInZip = 2 ** 32 - 1;

/** What a row takes as XML at most: each character escaped to seven, and the tags around it. */
function mostBytes(longest: readonly number[]): number {
  return longest.reduce((sum, characters) => sum + characters * 7 + 80, 0) + 40;
}

async function* cells(
  pieces: AsyncIterable<readonly TextRow[]>,
  columns: readonly Column[],
  onProgress: (rows: number) => void,
): AsyncGenerator<XlsxCell[], void> {
  let written = 0;
  for await (const piece of pieces) {
    for (const row of piece) yield columns.map((column, index) => xlsxCell(row[index] ?? null, column));
    written += piece.length;
    onProgress(written);
  }
}
