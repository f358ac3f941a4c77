import { z } from "zod";
import { type Parsed, type Problem, parsed } from "../lib/parsed.ts";
import { buildBook, emptyBook } from "./documents/book.ts";
import { parseDocument } from "./documents/parse-document.ts";
import { pathText } from "./documents/path-text.ts";
import { journalEntry } from "./journal-entry.ts";
import type { JournalEntry } from "./policy-store.ts";
import {
  type DocumentKey,
  etagOf,
  hashOf,
  inOtherDocument,
  keyOf,
  type StoredEntry,
  type StoreState,
} from "./store-state.ts";

const time = z.iso.datetime().transform((text) => new Date(text));

const shape = z.object({
  revision: z.int().min(0),
  documents: z.array(
    z.object({
      revision: z.int().min(1),
      origin: z.union([z.object({ kind: z.literal("file"), path: z.string() }), z.object({ kind: z.literal("api") })]),
      changed: z.object({ at: time, by: z.string(), reason: z.string() }),
      document: z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
    }),
  ),
  directory: z.record(z.string(), z.string()),
  newest: journalEntry.optional(),
});

/** What the state file holds: the documents as written, and the newest journal entry, should the journal lack it. */
export type SavedState = { readonly state: StoreState; readonly newest: JournalEntry | undefined };

export function stateText({ state, newest }: SavedState): string {
  const documents = [...state.documents.values()].map(({ stored: { revision, origin, changed, document } }) => ({
    revision,
    origin,
    changed,
    document,
  }));
  const { revision } = state.book;
  return JSON.stringify({ revision, documents, directory: Object.fromEntries(state.directory), newest });
}

/** Reads what `stateText` wrote; the documents are checked as they were when they came in, but for what depends on the time. */
export function parseStateText(text: string): Parsed<SavedState> {
  const raw = shape.safeParse(JSON.parse(text));
  if (!raw.success)
    return {
      ok: false,
      problems: raw.error.issues.map(({ path, message }) => ({ at: path.join("."), says: message })),
    };
  const problems: Problem[] = [];
  const documents = new Map<DocumentKey, StoredEntry>();
  for (const { revision, origin, changed, document } of raw.data.documents) {
    const result = parseDocument(document, {
      where: (path) => ({ at: `${document.kind} ${document.metadata.name}: ${pathText(path)}` }),
    });
    if (!result.ok) {
      problems.push(...result.problems);
      continue;
    }
    const { kind, name } = result.value;
    const where = inOtherDocument(result.value);
    const hash = hashOf(result.value.document);
    const etag = etagOf(revision, hash);
    documents.set(keyOf(result.value), {
      stored: { kind, name, etag, revision, document: result.value.document, origin, changed },
      parsed: { ...result.value, where },
      hash,
    });
  }
  const all = [...documents.values()].map((each) => each.parsed);
  const book = buildBook(emptyBook, all, { revision: raw.data.revision });
  if (!book.ok) problems.push(...book.problems);
  if (!book.ok || problems.length > 0) return { ok: false, problems };
  const directory = new Map(Object.entries(raw.data.directory)) as StoreState["directory"];
  return parsed({ state: { book: book.value, documents, directory }, newest: raw.data.newest });
}
