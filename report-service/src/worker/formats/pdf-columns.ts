import type { Column } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";
import { textWidth } from "./pdf-text.ts";

export type PdfColumn = {
  readonly header: string;
  readonly x: number;
  readonly width: number;
  readonly right: boolean;
};
export type PdfPage = { readonly width: number; readonly height: number; readonly columns: readonly PdfColumn[] };

/** On each side of a page, in points. */
export const margin = 36;
// A4 upright and across, and A3 across (ISO 216).
const sizes = [
  { width: 595.28, height: 841.89 },
  { width: 841.89, height: 595.28 },
  { width: 1190.55, height: 841.89 },
] as const;
const largest = sizes[2];
/** The free space at the right of a cell. */
export const gutter = 8;
/** Of the rows, in points. */
export const fontSize = 8;
// A digit of DejaVu Sans is 0.636 of the font's size wide, and the widest thing in numbers and dates.
const characterWidth = 0.64 * fontSize;
const mostCharacters = 48;
const leastCharacters = 10;

/**
 * Places columns on the smallest page where they fit. Numbers and dates keep their width, since half a number misleads;
 * on the largest page texts give way and are wrapped.
 */
export function pdfPage(columns: readonly Column[], longest: readonly number[]): PdfPage {
  const wanted = columns.map(({ kind, name }, index) => {
    const header = textWidth(name.slice(0, leastCharacters), fontSize, "bold");
    const characters = Math.max(longest[index] ?? 0, 3);
    const values = (kind === "text" ? Math.min(characters, mostCharacters) : characters) * characterWidth;
    return Math.max(header, values) + gutter;
  });
  const least = wanted.map((width, index) =>
    columns[index]?.kind === "text" ? Math.min(width, leastCharacters * characterWidth + gutter) : width,
  );
  const size = sizes.find(({ width }) => sum(wanted) <= width - 2 * margin) ?? largest;
  const available = size.width - 2 * margin;
  if (sum(least) > available) {
    const says = `${columns.length} columns do not fit on a page of PDF`;
    throw new DoesNotFit("RENDER_FAILED", `${says}: use XLSX, CSV or Parquet`);
  }
  const surplus = sum(wanted) - sum(least);
  const share = surplus === 0 ? 0 : Math.min(1, (available - sum(least)) / surplus);
  let x = margin;
  const placed = columns.map(({ kind, name }, index) => {
    const [from, to] = [least[index] ?? 0, wanted[index] ?? 0];
    const column = { header: name, x, width: from + (to - from) * share, right: kind === "exact" || kind === "float" };
    x += column.width;
    return column;
  });
  return { ...size, columns: placed };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
