import { type FileHandle, open } from "node:fs/promises";
import { parseJournalLine } from "../journal-entry.ts";
import type { JournalEntry } from "../policy-store.ts";

/** What is read back at a start: the newest entries, for showing. The file itself keeps all. */
const tailBytes = 8 * 1024 * 1024;

/** Who changed what, why and when: one JSON object a line, only ever added to. */
export type JournalFile = AsyncDisposable & {
  /** Oldest first, as far as they were read back. */
  readonly entries: readonly JournalEntry[];
  /** Returns once the entry is on the disk. */
  append(entry: JournalEntry): Promise<void>;
};

export async function openJournal(path: string): Promise<JournalFile> {
  const file = await open(path, "a+", 0o600);
  const tail = await readTail(file);
  // A line without its end was being written when the power failed; what it said is in the state file too.
  if (tail !== "" && !tail.endsWith("\n")) await file.appendFile("\n");
  return {
    entries: tail.split("\n").flatMap(parseJournalLine),
    async append(entry) {
      await file.appendFile(`${JSON.stringify(entry)}\n`);
      await file.datasync();
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
