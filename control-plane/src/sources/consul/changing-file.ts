import { readFile, stat } from "node:fs/promises";

export type ChangingFile = {
  /** What stands in the file now; rejects, naming it, when it cannot be read. */
  read(): Promise<Buffer>;
};

/** A file that may be replaced while it is used: looked at no more often than every `everyMs`, read again when it has changed. */
export function changingFile(path: string, what: string, monotonicMs: () => number, everyMs = 1_000): ChangingFile {
  let held: { readonly stamp: string; readonly content: Buffer } | undefined;
  let looked: { readonly atMs: number; readonly reading: Promise<Buffer> } | undefined;

  async function look(): Promise<Buffer> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (held?.stamp !== stamp) held = { stamp, content: await readFile(path) };
      return held.content;
    } catch (cause) {
      // Not read once is not read for ever: the next caller looks again.
      looked = undefined;
      throw new Error(`${what} ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
    }
  }

  return {
    read() {
      const now = monotonicMs();
      if (!looked || now - looked.atMs >= everyMs) looked = { atMs: now, reading: look() };
      return looked.reading;
    },
  };
}
