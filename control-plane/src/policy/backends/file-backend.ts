import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { problemText } from "../../lib/parsed.ts";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import type { JournalEntry } from "../policy-store.ts";
import { parseStateText, type SavedState, stateText } from "../state-text.ts";
import { emptyState, type StoreState } from "../store-state.ts";
import { lockDirectory } from "./data-lock.ts";
import { openJournal } from "./journal-file.ts";
import { previousOf, readSafely, syncDirectory, writeSafely } from "./safe-file.ts";

export type FileBackend = AsyncDisposable & {
  readonly state: StoreState;
  /** Oldest first, as far as they were read back. */
  readonly journal: readonly JournalEntry[];
  /** What was found damaged, and what was taken instead; undefined when all was well. */
  readonly recovered: string | undefined;
  /** Returns once the state is on the disk; throws, and then nothing has changed there, when it cannot be put there. */
  save(state: StoreState, entry: JournalEntry | undefined): Promise<void>;
};

/**
 * Keeps documents in a directory: `documents.state` (all that is in force), `previous-documents.state`, `journal.ndjson`
 * (who, what, why, when) and `lock`. The state file decides: an entry that the journal lacks after a crash is added from it.
 */
export async function openFileBackend(dir: string): Promise<FileBackend> {
  await using opened = new AsyncDisposableStack();
  await makeDirectory(dir);
  opened.use(await lockDirectory(dir));
  const path = join(dir, "documents.state");
  const journal = opened.use(await openJournal(join(dir, "journal.ndjson")));
  await syncDirectory(dir);

  const newestEntry = journal.entries.at(-1)?.revision ?? 0;
  const { saved, recovered } = await readState(path, newestEntry);
  if (saved.newest && saved.newest.revision > newestEntry) await journal.append(saved.newest);
  let newest = saved.newest ?? journal.entries.at(-1);
  let unwritten: JournalEntry | undefined;

  const whole = opened.move();
  return {
    state: atLeast(saved.state, newestEntry),
    journal: saved.newest && saved.newest.revision > newestEntry ? [...journal.entries, saved.newest] : journal.entries,
    recovered,
    async save(state, entry) {
      try {
        if (unwritten) await journal.append(unwritten);
        unwritten = undefined;
        await writeSafely(path, stateText({ state, newest: entry ?? newest }));
      } catch (cause) {
        throw new StoreUnavailable(`data directory ${dir}: the change could not be written, so nothing changed`, {
          cause,
        });
      }
      if (!entry) return;
      newest = entry;
      // The state is on the disk and in force; a journal that lags is made up for before the next change, or at the next start.
      await journal.append(entry).catch(() => {
        unwritten = entry;
      });
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

async function makeDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Error(`data directory ${dir} cannot be made: name another with --data`, { cause });
  }
}

async function readState(
  path: string,
  newestEntry: number,
): Promise<{ readonly saved: SavedState; readonly recovered: string | undefined }> {
  const current = await readSafely(path);
  if (current.kind === "good") return { saved: understood(current.text, path), recovered: undefined };
  const previous = await readSafely(previousOf(path));
  if (previous.kind === "good") {
    const says = current.kind === "damaged" ? current.says : "is gone";
    const saved = understood(previous.text, previousOf(path));
    const { revision } = saved.state.book;
    return { saved, recovered: `${path} ${says}; revision ${revision} is taken from ${previousOf(path)}` };
  }
  // No state, no entries: a new directory. Entries without a state are the rest of something that was lost.
  if (current.kind === "absent" && previous.kind === "absent" && newestEntry === 0)
    return { saved: { state: emptyState, newest: undefined }, recovered: undefined };
  const found = current.kind === "damaged" ? current.says : "is gone, while the journal beside it has entries";
  throw new Error(
    `${path} ${found}, and there is no good ${previousOf(path)}: put a copy of the data directory back, or move this one away to begin with the documents of --config only`,
  );
}

function understood(text: string, path: string): SavedState {
  const saved = parseStateText(text);
  if (saved.ok) return saved.value;
  throw new Error(
    `${path} is whole, but this version of Weir does not accept what it holds; start the version that wrote it and correct:\n${saved.problems.map(problemText).join("\n")}`,
  );
}

/** After a fall back to an older state, no revision is given out a second time. */
function atLeast(state: StoreState, revision: number): StoreState {
  return state.book.revision >= revision ? state : { ...state, book: { ...state.book, revision } };
}
