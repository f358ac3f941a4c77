import { type FileHandle, open } from "node:fs/promises";
import { parseJournalLine } from "../journal-entry.ts";
import type { JournalEntry } from "../policy-store.ts";

/** What is read back at a start: the newest entries, for showing. The file itself keeps all. */
const tailBytes = 8 * 1024 * 1024;

/** Who did what, why and when: one JSON object a line, only ever added to. */
export type LinesFile<Entry> = AsyncDisposable & {
  /** Oldest first, as far as they were read back. */
  readonly entries: readonly Entry[];
  /** Returns once they are on the disk; throws, and then none of them is there, when they cannot be put there. */
  append(...entries: readonly Entry[]): Promise<void>;
};

export type JournalFile = LinesFile<JournalEntry>;

export function openJournal(path: string): Promise<JournalFile> {
  return openLines(path, parseJournalLine);
}

export async function openLines<Entry>(
  path: string,
  parse: (line: string) => readonly Entry[],
): Promise<LinesFile<Entry>> {
  const file = await open(path, "a+", 0o600);
  const tail = await readTail(file);
  // A line without its end was being written when the power failed; what it said is in the state file too.
  if (tail !== "" && !tail.endsWith("\n")) await file.appendFile("\n");
  let { size } = await file.stat();
  return {
    entries: tail.split("\n").flatMap(parse),
    async append(...entries) {
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
      // What is left of a write that failed would spoil the next one.
      if ((await file.stat()).size > size) await file.truncate(size);
      await file.appendFile(text);
      await file.datasync();
      size += Buffer.byteLength(text);
    },
    async [Symbol.asyncDispose]() {
      await file.close();
    },
  };
}

/** May begin in the middle of a line, which is then skipped as a damaged one is. */
async function readTail(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, tailBytes);
  if (length === 0) return "";
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: size - length });
  return buffer.subarray(0, bytesRead).toString("utf8");
}
