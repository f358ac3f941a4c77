import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { lockDirectory } from "../backends/data-lock.ts";
import { openJournal } from "../backends/journal-file.ts";
import { previousOf, readSafely, writeSafely } from "../backends/safe-file.ts";
import type { Held } from "../decide-directory.ts";
import type { JournalEntry } from "../policy-store.ts";
import { parseStateText, type SavedState, stateText } from "../state-text.ts";
import { headText, parseHead } from "./head.ts";
import type { Known } from "./load-state.ts";

/** What a replica keeps on its own disk: what was last known, for when the store is away at a start, and what its directory held. */
export type LocalCopy = AsyncDisposable & {
  readonly known: Known | undefined;
  /** What this process had in force while it was alone, by the embedded store's file. */
  readonly alone: SavedState | undefined;
  /** Undefined: it never had one. */
  readonly seen: Held | undefined;
  /** Oldest first, as far as they were read back. */
  readonly journal: readonly JournalEntry[];
  /** What was found damaged and passed over. */
  readonly recovered: string | undefined;
  readonly file: string;
  keep(known: Known): Promise<void>;
  keepSeen(seen: Held): Promise<void>;
  append(entry: JournalEntry): Promise<void>;
};

const copyShape = z.object({ head: z.string(), state: z.string() });
const seenShape = z.record(z.string(), z.string());

/** Throws when the directory is in use by another process or cannot be made. */
export async function openLocalCopy(dir: string): Promise<LocalCopy> {
  await using opened = new AsyncDisposableStack();
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Error(`data directory ${dir} cannot be made: name another with --data`, { cause });
  }
  opened.use(await lockDirectory(dir));
  const journal = opened.use(await openJournal(join(dir, "journal.ndjson")));
  const file = join(dir, "shared.state");
  const seenFile = join(dir, "directory.state");
  const copy = await readGood(file, knownOf);
  const seen = await readGood(seenFile, (text) => new Map(Object.entries(seenShape.parse(JSON.parse(text)))) as Held);
  // A damaged one is the embedded store's to mend.
  const alone = copy.value ? { value: undefined } : await readGood(join(dir, "documents.state"), aloneOf);
  const whole = opened.move();
  return {
    known: copy.value,
    alone: alone.value,
    seen: seen.value ?? alone.value?.state.directory,
    journal: journal.entries,
    recovered: [copy.says, seen.says].filter((says) => says !== undefined).join("; ") || undefined,
    file,
    async keep({ head, state }) {
      const text = JSON.stringify({ head: headText(head), state: stateText({ state, newest: undefined }) });
      await writeSafely(file, text);
    },
    keepSeen: (held) => writeSafely(seenFile, JSON.stringify(Object.fromEntries(held))),
    append: (entry) => journal.append(entry),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

function knownOf(text: string): Known {
  const copy = copyShape.parse(JSON.parse(text));
  const head = parseHead(copy.head);
  const saved = parseStateText(copy.state);
  if (!head.ok || !saved.ok) throw new Error("this version of Weir does not accept what it holds");
  return { head: head.value, state: saved.value.state };
}

function aloneOf(text: string): SavedState {
  const saved = parseStateText(text);
  if (!saved.ok) throw new Error("this version of Weir does not accept what it holds");
  return saved.value;
}

/** The file, else the one before it; a copy that is damaged is no reason not to start: the store has it all. */
async function readGood<T>(
  file: string,
  parse: (text: string) => T,
): Promise<{ readonly value: T | undefined; readonly says: string | undefined }> {
  let says: string | undefined;
  for (const path of [file, previousOf(file)]) {
    const reading = await readSafely(path);
    if (reading.kind === "absent") continue;
    if (reading.kind === "damaged") {
      says ??= `${path} ${reading.says} and is passed over`;
      continue;
    }
    try {
      return { value: parse(reading.text), says };
    } catch (cause) {
      says ??= `${path} is passed over: ${cause instanceof Error ? cause.message : cause}`;
    }
  }
  return { value: undefined, says };
}
