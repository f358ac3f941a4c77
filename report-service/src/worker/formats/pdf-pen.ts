import { isPlain, pdfFonts, showable, textWidth, type Weight, wrap } from "./pdf-text.ts";

export type Style = { readonly size: number; readonly weight: Weight };

/** Puts lines of text on the page that a document is at, and counts what it cannot show. */
export type Pen = {
  /** Lines of at most `width` points, and no more of them than `maxLines`. */
  wrapped(text: string, width: number, maxLines: number, style: Style): readonly string[];
  /** The runs of a line (`visualRuns`) from `x` on. */
  draw(runs: readonly string[], x: number, top: number, style: Style): void;
  widthOf(runs: readonly string[], style: Style): number;
  /** Characters that the font does not have, and texts that were cut, of all that was wrapped. */
  lost(): { readonly missing: number; readonly cuts: number };
};

// Given features, pdfkit lays out a run as a whole, as right-to-left text needs.
const whole = { features: [] };
// It need not measure what is measured already.
const drawn = { ...whole, lineBreak: false, textWidth: 0, wordCount: 0 };

export function createPen(doc: PDFKit.PDFDocument): Pen {
  let [missing, cuts] = [0, 0];

  function widthOf(run: string, { size, weight }: Style): number {
    if (isPlain(run)) return textWidth(run, size, weight);
    return doc.font(pdfFonts[weight]).fontSize(size).widthOfString(run, whole);
  }

  return {
    wrapped(text, width, maxLines, { size, weight }) {
      const shown = showable(text);
      const { lines, cut } = wrap(shown.text, width, maxLines, (line) => textWidth(line, size, weight));
      missing += shown.missing;
      cuts += cut ? 1 : 0;
      return lines;
    },
    draw(runs, x, top, style) {
      let left = x;
      doc.font(pdfFonts[style.weight]).fontSize(style.size);
      for (const run of runs) {
        doc.text(run, left, top, drawn);
        left += widthOf(run, style);
      }
    },
    widthOf: (runs, style) => runs.reduce((sum, run) => sum + widthOf(run, style), 0),
    lost: () => ({ missing, cuts }),
  };
}
