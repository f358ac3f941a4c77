import { open } from "node:fs/promises";
import type { Entry } from "./entry.ts";

export type LedgerFile = {
  /** Resolves once the entry is on the disk. */
  append(entry: Entry): Promise<void>;
} & AsyncDisposable;

/** A file of entries, one JSON object a line; entries that come while the disk writes share the next sync. */
export async function openLedgerFile(path: string): Promise<LedgerFile> {
  const file = await open(path, "a");
  let waiting: { readonly line: string; readonly written: PromiseWithResolvers<void> }[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await file.appendFile(group.map(({ line }) => line).join(""));
        await file.datasync();
        for (const { written } of group) written.resolve();
      } catch (cause) {
        for (const { written } of group) written.reject(cause);
      }
    }
    writing = undefined;
  }

  // A client that was killed in the middle of a line goes on in a new one: what is cut off must not swallow the next.
  if ((await file.stat()).size > 0) await file.appendFile("\n");
  return {
    append(entry) {
      const written = Promise.withResolvers<void>();
      waiting.push({ line: `${JSON.stringify(entry)}\n`, written });
      writing ??= writeAll();
      return written.promise;
    },
    async [Symbol.asyncDispose]() {
      await writing;
      await file.close();
    },
  };
}
