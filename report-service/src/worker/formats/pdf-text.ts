import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { create, type Font } from "fontkit";

/** What stands for a character that the font does not have. */
export const missingMark = "□";

/** The font's files: Latin, Greek, Cyrillic, Hebrew, Arabic, and many symbols; neither Chinese nor coloured emoji. */
export const pdfFonts = {
  regular: fontFile("DejaVuSans.ttf"),
  bold: fontFile("DejaVuSans-Bold.ttf"),
} as const;

// Changes how its neighbours look; where the font cannot do that, they are shown without.
const selector = /\p{Default_Ignorable_Code_Point}/u;
const lineBreaks = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
const plain = /^[\x20-\x7e]*$/;

export type Weight = keyof typeof pdfFonts;

export type Shown = { readonly text: string; readonly missing: number };

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const fonts = new Map<Weight, Font>();
const widths = { regular: new Map<number, number>(), bold: new Map<number, number>() };

/** A text with what the font can show of it; lines are still to be broken. */
export function showable(text: string): Shown {
  if (plain.test(text)) return { text, missing: 0 };
  const font = fontOf("regular");
  let missing = 0;
  const shown = Array.from(text.replace(lineBreaks, "\n").replaceAll("\t", " "), (character) => {
    if (character === "\n" || font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0)) return character;
    if (selector.test(character)) return "";
    missing++;
    return missingMark;
  });
  return { text: shown.join(""), missing };
}

/** Whether the letters of a text stand side by side as they are alone. */
export function isPlain(text: string): boolean {
  return plain.test(text);
}

/** How wide a line is, in points: the sum of its letters as they are alone, which Latin and its kin come close to. */
export function textWidth(line: string, size: number, weight: Weight = "regular"): number {
  let sum = 0;
  for (const character of line) sum += advanceOf(character.codePointAt(0) ?? 0, weight);
  return sum * size;
}

function advanceOf(codePoint: number, weight: Weight): number {
  const known = widths[weight].get(codePoint);
  if (known !== undefined) return known;
  const font = fontOf(weight);
  const width = font.glyphForCodePoint(codePoint).advanceWidth / font.unitsPerEm;
  widths[weight].set(codePoint, width);
  return width;
}

function fontOf(weight: Weight): Font {
  const font = fonts.get(weight) ?? (create(readFileSync(pdfFonts[weight])) as Font);
  fonts.set(weight, font);
  return font;
}

export type Wrapped = { readonly lines: readonly string[]; readonly cut: boolean };

/** Lines of at most `width`, as `measure` has it, broken after words where there are any; what does not fit is cut. */
export function wrap(text: string, width: number, maxLines: number, measure: (line: string) => number): Wrapped {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let rest = paragraph;
    do {
      if (lines.length === maxLines) return cutOff(lines, width, measure);
      const line = firstLine(rest, width, measure);
      lines.push(line.trimEnd());
      rest = rest.slice(line.length).trimStart();
    } while (rest !== "");
  }
  return { lines, cut: false };
}

function cutOff(lines: string[], width: number, measure: (line: string) => number): Wrapped {
  const last = lines.pop() ?? "";
  return { lines: [...lines, `${firstLine(`${last}`, width - measure("…"), measure)}…`], cut: true };
}

function firstLine(text: string, width: number, measure: (line: string) => number): string {
  // The narrowest letters are wider than a point; this bounds what a long text costs.
  const near = text.slice(0, Math.max(8, Math.ceil(width))).replace(/[\uD800-\uDBFF]$/, "");
  if (near.length === text.length && measure(text) <= width) return text;
  const ends = [...graphemes.segment(near)].map(({ index, segment }) => index + segment.length);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(near.slice(0, ends[middle])) <= width) low = middle;
    else high = middle - 1;
  }
  const fitting = near.slice(0, ends[low]);
  const space = fitting.lastIndexOf(" ");
  return space > 0 && text.charAt(fitting.length) !== " " ? fitting.slice(0, space + 1) : fitting;
}

function fontFile(name: string): string {
  return createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}`);
}
