import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import PDFDocument from "pdfkit";
import type { FormatAbout } from "./format-about.ts";
import { fontSize, gutter, margin, type PdfColumn, type PdfPage } from "./pdf-columns.ts";
import { isPlain, missingMark, pdfFonts, showable, textWidth, type Weight, wrap } from "./pdf-text.ts";
import type { TextRow } from "./text-rows.ts";
import { visualRuns } from "./visual-runs.ts";

const titleSize = 16;
const lineHeight = 11;
const rowGap = 4;
const footerHeight = 24;
const linesPerCell = 5;
const linesPerParameter = 3;

/** A document that is written while its rows are drawn. */
export type PdfPages = {
  row(row: TextRow): Promise<void>;
  /** Finishes the file. */
  end(): Promise<void>;
  abandon(): void;
};

type Cell = { readonly lines: readonly string[]; readonly column: PdfColumn };

/** Starts a document with its title, parameters and time; equal input makes equal bytes. */
export function startPages(
  path: string,
  about: FormatAbout,
  rows: number,
  { width: pageWidth, height: pageHeight, columns }: PdfPage,
): PdfPages {
  const info = { Title: about.title, Creator: "Weir", CreationDate: new Date(about.timeMs) };
  // pdfkit would keep the shape of every word it has seen; drawing without that takes as long and bounded memory.
  const options = {
    size: [pageWidth, pageHeight] as [number, number],
    margin: 0,
    autoFirstPage: false,
    info,
    fontLayoutCache: false,
  };
  const doc = new PDFDocument(options);
  const file = createWriteStream(path);
  const done = pipeline(doc, file);
  // Whoever ends the document hears of it.
  done.catch(() => undefined);
  const tableWidth = pageWidth - 2 * margin;
  let [pages, y, missing, cuts] = [0, 0, 0, 0];

  // Given features, pdfkit lays out a run as a whole, as right-to-left text needs.
  const whole = { features: [] };

  function widthOf(run: string, size: number, weight: Weight): number {
    return isPlain(run) ? textWidth(run, size, weight) : doc.fontSize(size).widthOfString(run, whole);
  }

  function draw(runs: readonly string[], x: number, top: number, size: number, weight: Weight): void {
    let left = x;
    doc.font(pdfFonts[weight]);
    for (const run of runs) {
      // pdfkit need not measure what is measured already.
      const drawn = { ...whole, lineBreak: false, textWidth: 0, wordCount: 0 };
      doc.fontSize(size).text(run, left, top, drawn);
      left += widthOf(run, size, weight);
    }
  }

  function wrapped(text: string, width: number, maxLines: number, size: number, weight: Weight): readonly string[] {
    const shown = showable(text);
    const { lines, cut } = wrap(shown.text, width, maxLines, (line) => textWidth(line, size, weight));
    missing += shown.missing;
    cuts += cut ? 1 : 0;
    return lines;
  }

  function write(text: string, size: number, maxLines: number, weight: Weight = "regular"): void {
    for (const line of wrapped(text, tableWidth, maxLines, size, weight)) {
      draw(visualRuns(line).runs, margin, y, size, weight);
      y += size * 1.4;
    }
  }

  function cellsOf(row: TextRow, weight: Weight): readonly Cell[] {
    return columns.map((column, index) => {
      const lines = wrapped(row[index] ?? "", column.width - gutter, linesPerCell, fontSize, weight);
      return { lines, column };
    });
  }

  function drawCells(cells: readonly Cell[], weight: Weight): void {
    for (const { lines, column } of cells) {
      for (const [index, line] of lines.entries()) {
        const { runs, fromRight } = visualRuns(line);
        const width = runs.reduce((sum, run) => sum + widthOf(run, fontSize, weight), 0);
        const room = column.right || fromRight ? Math.max(0, column.width - gutter - width) : 0;
        if (line !== "") draw(runs, column.x + room, y + index * lineHeight, fontSize, weight);
      }
    }
    y += heightOf(cells);
  }

  const header = cellsOf(
    columns.map((column) => column.header),
    "bold",
  );
  const [footerTitle = ""] = wrapped(about.title, tableWidth - 60, 1, fontSize, "regular");

  function drawHeader(): void {
    drawCells(header, "bold");
    doc
      .moveTo(margin, y - rowGap / 2)
      .lineTo(margin + tableWidth, y - rowGap / 2)
      .lineWidth(0.5)
      .stroke();
    y += 2;
  }

  function turnPage(): void {
    doc.addPage();
    pages++;
    const number = `${pages}`;
    const footer = pageHeight - footerHeight;
    draw(visualRuns(footerTitle).runs, margin, footer, fontSize, "regular");
    draw([number], margin + tableWidth - textWidth(number, fontSize), footer, fontSize, "regular");
    y = margin;
  }

  turnPage();
  write(about.title, titleSize, 3, "bold");
  write(`${momentOf(about.timeMs)}, ${rows} ${rows === 1 ? "row" : "rows"}`, fontSize, 1);
  for (const [name, value] of Object.entries(about.parameters)) {
    if (y > pageHeight / 2) turnPage();
    if (value !== null) write(`${name}: ${value}`, fontSize, linesPerParameter);
  }
  y += lineHeight;
  drawHeader();

  return {
    async row(row) {
      const cells = cellsOf(row, "regular");
      if (y + heightOf(cells) > pageHeight - footerHeight - rowGap) {
        turnPage();
        drawHeader();
        // A page goes to the file when the next one starts; this keeps those on the way few.
        if (file.writableNeedDrain) await once(file, "drain");
      }
      drawCells(cells, "regular");
    },
    async end() {
      const notes = [
        missing > 0 && `${missingMark} stands for ${missing} characters that this document's font does not have.`,
        cuts > 0 && `… stands for the rest of ${cuts} texts that are too long for this document.`,
      ].filter((note) => note !== false);
      if (y + (notes.length + 1) * lineHeight > pageHeight - footerHeight) turnPage();
      y += lineHeight;
      for (const note of notes) write(`${note} Other formats have all of it.`, fontSize, 2);
      doc.end();
      await done;
    },
    abandon() {
      doc.destroy();
    },
  };
}

function heightOf(cells: readonly Cell[]): number {
  return Math.max(1, ...cells.map(({ lines }) => lines.length)) * lineHeight + rowGap;
}

function momentOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
