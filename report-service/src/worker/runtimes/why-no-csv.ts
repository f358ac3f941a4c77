import { createReadStream } from "node:fs";

/** As DuckDB has it; more than one piece of a file. */
const longestLine = 2_000_000;
const lineEnds = ["\n", "\r"] as const;

/**
 * What keeps a file from being CSV that DuckDB would be long about: guessing the dialect of a megabyte of zeros took it half a
 * minute, and of a line of 100 MB as long.
 */
export async function whyNoCsv(path: string, signal: AbortSignal): Promise<string | undefined> {
  let line = 0;
  for await (const piece of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    if (piece.includes(0)) return "it holds a zero byte";
    const ends = lineEnds.map((end) => piece.indexOf(end)).filter((at) => at >= 0);
    line += ends.length > 0 ? Math.min(...ends) : piece.length;
    if (line > longestLine) return `it has a line of more than ${longestLine} bytes`;
    if (ends.length > 0) line = piece.length - 1 - Math.max(...lineEnds.map((end) => piece.lastIndexOf(end)));
  }
  return undefined;
}
