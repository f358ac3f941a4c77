import { z } from "zod";
import { getOrMake } from "../lib/get-or-make.ts";
import { type Parsed, type Problem, parsed } from "../lib/parsed.ts";
import { buildBook, emptyBook } from "./documents/book.ts";
import { parseDocument } from "./documents/parse-document.ts";
import { pathText } from "./documents/path-text.ts";
import { journalEntry } from "./journal-entry.ts";
import type { JournalEntry } from "./policy-store.ts";
import { etagOf, hashOf, inOtherDocument, keyOf, type StoredEntry, type StoreState } from "./store-state.ts";

const time = z.iso.datetime().transform((text) => new Date(text));

const savedDocument = z.object({
  revision: z.int().min(1),
  origin: z.union([z.object({ kind: z.literal("file"), path: z.string() }), z.object({ kind: z.literal("api") })]),
  changed: z.object({ at: time, by: z.string(), reason: z.string() }),
  document: z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
});

const shape = z.object({
  revision: z.int().min(0),
  documents: z.array(savedDocument),
  directory: z.record(z.string(), z.string()),
  directoryPast: z.record(z.string(), z.array(z.string())).default({}),
  newest: journalEntry.optional(),
});

/** What the state file holds: the documents as written, and the newest journal entry, should the journal lack it. */
export type SavedState = { readonly state: StoreState; readonly newest: JournalEntry | undefined };

export function stateText({ state, newest }: SavedState): string {
  const { revision } = state.book;
  const documents = [...state.documents.values()].map(documentText);
  const rest = JSON.stringify({ ...directoryShape(state), newest });
  return `{"revision":${revision},"documents":[${documents.join(",")}],${rest.slice(1)}`;
}

/** Reads what `stateText` wrote; the documents are checked as they were when they came in, but for what depends on the time. */
export function parseStateText(text: string): Parsed<SavedState> {
  const raw = shape.safeParse(JSON.parse(text));
  if (!raw.success) return { ok: false, problems: problemsOf(raw.error) };
  const read = entriesOf(raw.data.documents);
  if (!read.ok) return read;
  const documents = new Map(read.value.map((entry) => [keyOf(entry.stored), entry]));
  const all = read.value.map((each) => each.parsed);
  const book = buildBook(emptyBook, all, { revision: raw.data.revision });
  if (!book.ok) return book;
  return parsed({ state: { book: book.value, documents, ...directoryOf(raw.data) }, newest: raw.data.newest });
}

const texts = new WeakMap<StoredEntry, { readonly text: string }>();

/** One document with its revision, author and origin, as JSON. */
export function documentText(entry: StoredEntry): string {
  return getOrMake(texts, entry, () => {
    const { revision, origin, changed, document } = entry.stored;
    return { text: JSON.stringify({ revision, origin, changed, document }) };
  }).text;
}

/** Reads a JSON list of what `documentText` wrote. */
export function parseDocumentTexts(text: string): Parsed<readonly StoredEntry[]> {
  const raw = z.array(savedDocument).safeParse(JSON.parse(text));
  return raw.success ? entriesOf(raw.data) : { ok: false, problems: problemsOf(raw.error) };
}

const directoryRecords = shape.pick({ directory: true, directoryPast: true });

/** What the watched directories hold, as JSON. */
export function directoryText(state: StoreState): string {
  return JSON.stringify(directoryShape(state));
}

export function parseDirectoryText(text: string): Parsed<Pick<StoreState, "directory" | "directoryPast">> {
  const raw = directoryRecords.safeParse(JSON.parse(text));
  return raw.success ? parsed(directoryOf(raw.data)) : { ok: false, problems: problemsOf(raw.error) };
}

function directoryShape({ directory, directoryPast }: StoreState) {
  return { directory: Object.fromEntries(directory), directoryPast: Object.fromEntries(directoryPast) };
}

function directoryOf({ directory, directoryPast }: z.output<typeof directoryRecords>) {
  return {
    directory: new Map(Object.entries(directory)) as StoreState["directory"],
    directoryPast: new Map(Object.entries(directoryPast)) as StoreState["directoryPast"],
  };
}

function entriesOf(saved: readonly z.output<typeof savedDocument>[]): Parsed<readonly StoredEntry[]> {
  const problems: Problem[] = [];
  const entries = saved.flatMap(({ revision, origin, changed, document }): readonly StoredEntry[] => {
    const result = parseDocument(document, {
      where: (path) => ({ at: `${document.kind} ${document.metadata.name}: ${pathText(path)}` }),
    });
    if (!result.ok) {
      problems.push(...result.problems);
      return [];
    }
    const { kind, name } = result.value;
    const where = inOtherDocument(result.value);
    const hash = hashOf(result.value.document);
    const etag = etagOf(revision, hash);
    return [
      {
        stored: { kind, name, etag, revision, document: result.value.document, origin, changed },
        parsed: { ...result.value, where },
        hash,
      },
    ];
  });
  return problems.length > 0 ? { ok: false, problems } : parsed(entries);
}

function problemsOf({ issues }: z.ZodError): readonly Problem[] {
  return issues.map(({ path, message }) => ({ at: path.join("."), says: message }));
}
