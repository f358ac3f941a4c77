import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const pieceBytes = 64 * 1024;

/**
 * A whole file. A kernel without preemption copies what is read at once to its end, milliseconds in which nobody else has
 * that core.
 */
export function readInPieces(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(file, bytes, at, Math.min(pieceBytes, bytes.length - at), at);
      if (read === 0) throw new Error(`${path} ends after ${at} of ${bytes.length} bytes`);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
