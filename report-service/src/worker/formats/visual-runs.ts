import bidiFactory from "bidi-js";

// The types are of the package's ES module; Node takes the CommonJS one, whose default is the function itself.
const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();
// Hebrew, Arabic and their neighbours: https://www.unicode.org/Public/UCD/latest/ucd/extracted/DerivedBidiClass.txt
const rightToLeft =
  /[\u0590-\u08FF\u200F\u202B\u202E\u2067\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

export type VisualLine = {
  /** Pieces of one direction each, from left to right as they are seen; the text of each is in its logical order. */
  readonly runs: readonly string[];
  /** Whether the line starts at its right. */
  readonly fromRight: boolean;
};

/** The order in which a line is drawn, by the Unicode bidirectional algorithm (UAX #9). */
export function visualRuns(line: string): VisualLine {
  if (!rightToLeft.test(line)) return { runs: [line], fromRight: false };
  const embedding = bidi.getEmbeddingLevels(line);
  const { levels } = embedding;
  const mirrored = bidi.getMirroredCharactersMap(line, levels);
  const runs: string[] = [];
  const levelsOf: number[] = [];
  let last: { readonly index: number; readonly level: number } | undefined;
  for (const index of bidi.getReorderedIndices(line, embedding)) {
    const level = levels[index] ?? 0;
    const character = mirrored.get(index) ?? line.charAt(index);
    const backwards = level % 2 === 1;
    const joins = last !== undefined && last.level === level && index === last.index + (backwards ? -1 : 1);
    // The font draws letters of such a script from the right, so they are given in the order in which they are read.
    if (!joins) levelsOf[runs.push(character) - 1] = level;
    else runs.push(backwards ? character + (runs.pop() ?? "") : (runs.pop() ?? "") + character);
    last = { index, level };
  }
  const drawn = runs.map((run, index) =>
    (levelsOf[index] ?? 0) % 2 === 1 && !rightToLeft.test(run) ? reversed(run) : run,
  );
  return { runs: drawn, fromRight: (embedding.paragraphs[0]?.level ?? 0) % 2 === 1 };
}

// Brackets and spaces alone are of no script, and drawn from the left.
function reversed(run: string): string {
  return [...run].reverse().join("");
}
