import { createReadStream } from "node:fs";

const [quote, backslash, lineFeed] = [0x22, 0x5c, 0x0a];
const [openBracket, openBrace, closeBracket, closeBrace] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Whether a file of JSON, or of one JSON text a line, has lists and objects within each other more than so many times. */
export async function nestsDeeper(path: string, levels: number, signal: AbortSignal): Promise<boolean> {
  let [depth, inText, escaped] = [0, false, false];
  for await (const piece of createReadStream(path, { signal })) {
    for (const byte of piece as Buffer) {
      // No text of JSON goes over a line's end, which would else hide all that follows a stray quote.
      if (byte === lineFeed) [inText, escaped] = [false, false];
      else if (escaped) escaped = false;
      else if (inText) [inText, escaped] = [byte !== quote, byte === backslash];
      else if (byte === quote) inText = true;
      else if (byte === openBracket || byte === openBrace) depth += 1;
      else if (byte === closeBracket || byte === closeBrace) depth = Math.max(0, depth - 1);
      if (depth > levels) return true;
    }
  }
  return false;
}
