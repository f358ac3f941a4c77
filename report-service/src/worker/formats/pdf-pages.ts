import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import PDFDocument from "pdfkit";
import type { FormatAbout } from "./format-about.ts";
import { fontSize, gutter, margin, type PdfColumn, type PdfPage } from "./pdf-columns.ts";
import { createPen, type Style } from "./pdf-pen.ts";
import { missingMark, showable, textWidth, wrap } from "./pdf-text.ts";
import type { TextRow } from "./text-rows.ts";
import { visualRuns } from "./visual-runs.ts";

const body: Style = { size: fontSize, weight: "regular" };
const head: Style = { size: fontSize, weight: "bold" };
const title: Style = { size: 16, weight: "bold" };
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
export function startPages(path: string, about: FormatAbout, rows: number, page: PdfPage): PdfPages {
  const { width, height, columns } = page;
  const doc = createDocument(about, page);
  const file = createWriteStream(path);
  const done = pipeline(doc, file);
  // Whoever ends the document hears of it.
  done.catch(() => undefined);
  const pen = createPen(doc);
  const tableWidth = width - 2 * margin;
  const bottom = height - footerHeight;
  let [pages, y] = [0, 0];

  function write(text: string, style: Style, maxLines: number): void {
    for (const line of pen.wrapped(text, tableWidth, maxLines, style)) {
      pen.draw(visualRuns(line).runs, margin, y, style);
      y += style.size * 1.4;
    }
  }

  function cellsOf(row: TextRow, style: Style): readonly Cell[] {
    return columns.map((column, index) => {
      return { lines: pen.wrapped(row[index] ?? "", column.width - gutter, linesPerCell, style), column };
    });
  }

  function drawCells(cells: readonly Cell[], style: Style): void {
    for (const { lines, column } of cells) {
      for (const [index, line] of lines.entries()) {
        const { runs, fromRight } = visualRuns(line);
        const room = column.right || fromRight ? column.width - gutter - pen.widthOf(runs, style) : 0;
        if (line !== "") pen.draw(runs, column.x + Math.max(0, room), y + index * lineHeight, style);
      }
    }
    y += heightOf(cells);
  }

  const headerCells = cellsOf(
    columns.map(({ header }) => header),
    head,
  );
  // What it lacks is counted where it stands in full.
  const measure = (line: string) => textWidth(line, fontSize);
  const [footer = ""] = wrap(showable(about.title).text, tableWidth - 60, 1, measure).lines;

  function drawHeader(): void {
    drawCells(headerCells, head);
    const line = y - rowGap / 2;
    doc
      .moveTo(margin, line)
      .lineTo(width - margin, line)
      .lineWidth(0.5)
      .stroke();
    y += 2;
  }

  function turnPage(): void {
    doc.addPage();
    pages++;
    const number = [`${pages}`];
    pen.draw(visualRuns(footer).runs, margin, bottom, body);
    pen.draw(number, width - margin - pen.widthOf(number, body), bottom, body);
    y = margin;
  }

  function preface(): void {
    turnPage();
    write(about.title, title, 3);
    write(`${momentOf(about.timeMs)}, ${rows} ${rows === 1 ? "row" : "rows"}`, body, 1);
    for (const [name, value] of Object.entries(about.parameters)) {
      if (y > height / 2) turnPage();
      if (value !== null) write(`${name}: ${value}`, body, linesPerParameter);
    }
    y += lineHeight;
    drawHeader();
  }

  preface();
  return {
    async row(row) {
      const cells = cellsOf(row, body);
      if (y + heightOf(cells) > bottom - rowGap) {
        turnPage();
        drawHeader();
        // A page goes to the file when the next one starts; this keeps those on the way few.
        if (file.writableNeedDrain) await once(file, "drain");
      }
      drawCells(cells, body);
    },
    async end() {
      const notes = notesOn(pen.lost());
      if (y + (notes.length + 1) * lineHeight > bottom) turnPage();
      y += lineHeight;
      for (const note of notes) write(`${note} Other formats have all of it.`, body, 2);
      doc.end();
      await done;
    },
    abandon() {
      doc.destroy();
    },
  };
}

function createDocument({ title: Title, timeMs }: FormatAbout, { width, height }: PdfPage): PDFKit.PDFDocument {
  const size: [number, number] = [width, height];
  const info = { Title, Creator: "Weir", CreationDate: new Date(timeMs) };
  // pdfkit would keep the shape of every word it has seen; drawing without that takes as long and bounded memory.
  const options = { size, margin: 0, autoFirstPage: false, info, fontLayoutCache: false };
  return new PDFDocument(options);
}

function notesOn({ missing, cuts }: { readonly missing: number; readonly cuts: number }): readonly string[] {
  return [
    ...(missing > 0
      ? [`${missingMark} stands for ${missing} characters that this document's font does not have.`]
      : []),
    ...(cuts > 0 ? [`… stands for the rest of ${cuts} texts that are too long for this document.`] : []),
  ];
}

function heightOf(cells: readonly Cell[]): number {
  return Math.max(1, ...cells.map(({ lines }) => lines.length)) * lineHeight + rowGap;
}

function momentOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
