import { createLatest } from "../lib/latest.ts";
import { sortedBy } from "../lib/order.ts";
import type { Book } from "../model/world.ts";
import { openFileBackend } from "./backends/file-backend.ts";
import { decideChange } from "./decide-change.ts";
import { decideDirectory } from "./decide-directory.ts";
import type { FiledDocument } from "./documents/document-set.ts";
import { chained } from "./journal-chain.ts";
import type { ChangeOutcome, JournalEntry, PolicyNote, PolicyStore, StoreStatus } from "./policy-store.ts";
import { keyOf, type StoreState } from "./store-state.ts";

/** How many entries are kept in memory for `journal()`; the file has all. */
const journalKept = 1000;

export type DirectoryWriter = {
  /**
   * Takes in all documents of the watched directory, good in themselves; see `decideDirectory`. Refusals are for the caller to
   * report: it knows whether they are new.
   */
  applyDirectory(documents: readonly FiledDocument[]): Promise<ChangeOutcome>;
  /** How many documents the directory held when it was last applied. */
  heldByDirectory(): number;
};

/**
 * Keeps the documents in force in `dir`, over restarts. One change at a time; a change is on the disk before it is in force.
 * Throws when `dir` is in use by another process or holds nothing readable; `change` rejects when the disk does.
 */
export async function createFilePolicyStore({
  dir,
  observe,
  now,
}: {
  readonly dir: string;
  readonly observe: (note: PolicyNote) => void;
  readonly now: () => Date;
}): Promise<PolicyStore & DirectoryWriter> {
  const backend = await openFileBackend(dir);
  if (backend.recovered !== undefined) observe({ kind: "documents-recovered", says: backend.recovered });
  let state = backend.state;
  let entries = backend.journal.slice(-journalKept);
  const books = createLatest<Book>(state.book);
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  let health: Pick<StoreStatus, "state" | "since" | "cause"> = { state: "current", since: now() };

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (isClosed) return Promise.reject(new Error(`data directory ${dir} is closed: the server is stopping`));
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function take(next: StoreState, made: JournalEntry | undefined): Promise<void> {
    const entry = made && chained(made, entries.at(-1));
    try {
      await backend.save(next, entry);
    } catch (cause) {
      if (health.state === "current") health = { state: "away", since: now(), cause: (cause as Error).message };
      throw cause;
    }
    if (health.state === "away") health = { state: "current", since: now() };
    state = next;
    books.set(state.book);
    if (!entry) return;
    entries = [...entries, entry].slice(-journalKept);
    observe({ kind: "documents-changed", entry });
  }

  return {
    books,
    list: (kind) =>
      sortedBy(
        [...state.documents.values()].map(({ stored }) => stored).filter((stored) => stored.kind === kind),
        ({ name }) => name,
      ),
    get: (kind, name) => state.documents.get(keyOf({ kind, name }))?.stored,
    change: (request) =>
      inTurn(async () => {
        const { outcome, changed } = decideChange(state, request, now());
        const { by, through, validateOnly } = request;
        if (outcome.kind === "refused" && !validateOnly)
          observe({ kind: "documents-refused", by, through, problems: outcome.problems });
        if (changed && !validateOnly) await take(changed.state, changed.entry);
        return outcome;
      }),
    applyDirectory: (documents) =>
      inTurn(async () => {
        const { outcome, next, changed } = decideDirectory(
          state,
          documents,
          { at: now(), by: "config directory" },
          state.directory,
        );
        if (next) await take(next, changed?.entry);
        return outcome;
      }),
    heldByDirectory: () => state.directory.size,
    journal: (limit) => entries.slice(-Math.max(0, limit)).reverse(),
    status: () => ({ kind: "file", where: dir, ...health, isKnown: true }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await last;
      await backend[Symbol.asyncDispose]();
    },
  };
}
