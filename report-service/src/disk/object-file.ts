import { type FileHandle, open } from "node:fs/promises";
import type { Vault } from "../ports/vault.ts";
import { openedBytes, openPieces, openSealed } from "./sealed-file.ts";

/** Whether objects are encrypted when they are written; those that are encrypted are opened in any case. */
export type Sealing = { readonly vault: Vault; readonly seals: boolean };

/** An object that lies in a file, as it is or sealed. */
export type ObjectFile = {
  readonly isSealed: boolean;
  /** Of the object, not of the file. */
  readonly sizeBytes: number;
  /** From `first` up to and without `end`; only once, and leaving the loop closes it. */
  pieces(first: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
} & AsyncDisposable;

const pieceBytes = 64 * 1024;

/** Opens the file of an object; rejects with ENOENT where there is none. */
export async function openObjectFile(path: string, key: string, vault: Vault | undefined): Promise<ObjectFile> {
  await using opening = new AsyncDisposableStack();
  const file: FileHandle = opening.use(await open(path, "r"));
  const { size } = await file.stat();
  const sealed = vault && (await openSealed(file, key, vault));
  const opened = opening.move();
  return {
    isSealed: sealed !== undefined,
    sizeBytes: sealed ? openedBytes(sealed, size) : size,
    async *pieces(first, end, signal) {
      signal.throwIfAborted();
      const range = { first, end };
      if (!sealed) {
        // A stream with an end before its start is refused.
        if (end <= first) return;
        yield* file.createReadStream({
          start: first,
          end: end - 1,
          highWaterMark: pieceBytes,
          autoClose: false,
          signal,
        });
        return;
      }
      for await (const piece of openPieces(file, key, sealed, size, range)) {
        signal.throwIfAborted();
        yield piece;
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
