import type { Problem } from "../lib/parsed.ts";
import { buildBook } from "./documents/book.ts";
import type { ParsedDocument } from "./documents/parse-document.ts";
import type { Where } from "./documents/path-text.ts";
import type { DocumentKind, JournalEntry, PastDocument, StoredDocument } from "./policy-store.ts";
import {
  type DocumentKey,
  etagOf,
  hashOf,
  inOtherDocument,
  keyOf,
  type StoredEntry,
  type StoreState,
} from "./store-state.ts";

export type Edit =
  | { readonly kind: "put"; readonly parsed: ParsedDocument; readonly origin: StoredDocument["origin"] }
  | { readonly kind: "delete"; readonly documentKind: DocumentKind; readonly name: string };

export type Author = Pick<JournalEntry, "at" | "by" | "vouchedBy" | "subject" | "reason" | "through">;

export type Applied =
  | { readonly kind: "changed"; readonly state: StoreState; readonly entry: JournalEntry }
  /** Nothing differs from what is stored. */
  | { readonly kind: "same" }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/**
 * All edits or none, as one revision. A put of what is stored already is no change. `places` says where documents that are
 * not edited stand, for problems that an edit makes in them.
 */
export function applyEdits(
  state: StoreState,
  edits: readonly Edit[],
  author: Author,
  places: ReadonlyMap<DocumentKey, Where> = new Map(),
): Applied {
  const revision = state.book.revision + 1;
  const documents = new Map(state.documents);
  const asked = new Map(places);
  const changes: JournalEntry["changes"][number][] = [];
  for (const edit of edits) {
    if (edit.kind === "delete") {
      const { documentKind, name } = edit;
      const key = keyOf({ kind: documentKind, name });
      const before = documents.get(key);
      if (documents.delete(key)) changes.push({ documentKind, name, action: "delete", ...past(before) });
      continue;
    }
    const { kind, name } = edit.parsed;
    const key = keyOf({ kind, name });
    asked.set(key, edit.parsed.where);
    const before = documents.get(key);
    const hash = hashOf(edit.parsed.document);
    if (before?.hash === hash) continue;
    documents.set(key, storedEntry(edit.parsed, { revision, hash, origin: edit.origin, author }));
    changes.push({ documentKind: kind, name, action: before ? "update" : "create", ...past(before) });
  }
  if (changes.length === 0) return { kind: "same" };

  // Problems stand where their author wrote them; those made in a document that nobody asked about name it.
  const all = [...documents].map(([key, { parsed }]) => ({ ...parsed, where: asked.get(key) ?? parsed.where }));
  const book = buildBook(state.book, all, { revision });
  if (!book.ok) return { kind: "refused", problems: book.problems };
  const { at, by, vouchedBy, subject, reason, through } = author;
  return {
    kind: "changed",
    state: { ...state, book: book.value, documents },
    entry: {
      ...{ revision, at, by, ...(vouchedBy && { vouchedBy }), ...(subject && { subject }) },
      ...{ through, reason, changes: keepable(changes) },
    },
  };
}

// Each replica keeps a thousand entries, and a revision that replaces more than this is a new beginning, not a step.
const mostKeptBytes = 256 * 1024;

/** All of what was, or nothing: a part of a revision cannot be gone back to. */
function keepable(changes: JournalEntry["changes"]): JournalEntry["changes"] {
  let left = mostKeptBytes;
  for (const { before } of changes) left -= before ? JSON.stringify(before).length : 0;
  return left >= 0 ? changes : changes.map(({ before: _, ...rest }) => rest);
}

function past(entry: StoredEntry | undefined): { readonly before?: PastDocument } {
  if (!entry) return {};
  const { revision, document } = entry.stored;
  return { before: { revision, document } };
}

function storedEntry(
  parsed: ParsedDocument,
  {
    revision,
    hash,
    origin,
    author: { at, by, reason },
  }: {
    readonly revision: number;
    readonly hash: string;
    readonly origin: StoredDocument["origin"];
    readonly author: Author;
  },
): StoredEntry {
  const { kind, name, document } = parsed;
  const etag = etagOf(revision, hash);
  return {
    stored: { kind, name, etag, revision, document, origin, changed: { at, by, reason } },
    parsed: { ...parsed, where: inOtherDocument(parsed) },
    hash,
  };
}
