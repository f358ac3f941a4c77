import { createHash } from "node:crypto";
import type { Book } from "../model/world.ts";
import { emptyBook } from "./documents/book.ts";
import type { ParsedDocument } from "./documents/parse-document.ts";
import { pathText, type Where } from "./documents/path-text.ts";
import { canonicalJson, type JsonObject } from "./documents/plain-json.ts";
import type { DocumentKind, StoredDocument } from "./policy-store.ts";

/** `TrafficSplit/report`. */
export type DocumentKey = `${DocumentKind}/${string}`;

export type StoredEntry = {
  readonly stored: StoredDocument;
  readonly parsed: ParsedDocument;
  /** Of the content, however its keys are ordered: SHA-256 in hexadecimal. */
  readonly hash: string;
};

/** All that the store knows. */
export type StoreState = {
  readonly book: Book;
  readonly documents: ReadonlyMap<DocumentKey, StoredEntry>;
  /**
   * What the watched directory last had in force, by the hash of its content: a document of the directory is applied when
   * this changes, so that a change made over the API stays until the file itself changes.
   */
  readonly directory: ReadonlyMap<DocumentKey, string>;
  /**
   * What it held before, the newest last: a replica whose directory is only now changing to one of these is late. Of documents
   * that left the directory too.
   */
  readonly directoryPast: ReadonlyMap<DocumentKey, readonly string[]>;
};

export const emptyState: StoreState = {
  book: emptyBook,
  documents: new Map(),
  directory: new Map(),
  directoryPast: new Map(),
};

export function keyOf({ kind, name }: { readonly kind: DocumentKind; readonly name: string }): DocumentKey {
  return `${kind}/${name}`;
}

export function hashOf(document: JsonObject): string {
  return createHash("sha256").update(canonicalJson(document)).digest("hex");
}

/** `r42-9f3c01ab`. */
export function etagOf(revision: number, hash: string): string {
  return `r${revision}-${hash.slice(0, 8)}`;
}

/** Where a problem in a document is that is not what was asked about: `TrafficSplit report: spec.service`. */
export function inOtherDocument({ kind, name }: { readonly kind: DocumentKind; readonly name: string }): Where {
  return (path) => ({ at: `${kind} ${name}: ${pathText(path)}` });
}
