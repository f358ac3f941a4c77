import { type Applied, applyEdits, type Edit } from "./apply-edits.ts";
import { namedTwice } from "./documents/book.ts";
import type { FiledDocument } from "./documents/document-set.ts";
import type { Where } from "./documents/path-text.ts";
import type { ChangeOutcome, DocumentKind } from "./policy-store.ts";
import { type DocumentKey, hashOf, keyOf, type StoreState } from "./store-state.ts";

export type DirectoryDecision = {
  readonly outcome: ChangeOutcome;
  /** What to store; without an entry only what the directory holds is remembered, and no revision passes. */
  readonly next?: StoreState;
  readonly changed?: Extract<Applied, { kind: "changed" }>;
  /** Documents that are older here than what another replica's directory has put in force. */
  readonly behind: readonly DocumentKey[];
};

/** By the hash of its content, what a directory holds. */
export type Held = ReadonlyMap<DocumentKey, string>;

/**
 * What the documents of the watched directory come to. The directory is one writer among others: a document of it is applied
 * when its own content changed since it was last applied, and one that vanished from it is deleted.
 *
 * With several replicas each has a directory of its own, and `seen` is what this one's held when it was last applied: a change
 * is one of this directory. It counts unless another replica's has made it already, or has gone on from it. Undefined for a
 * replica that never looked before: what it finds may be old, and nothing is missing.
 */
export function decideDirectory(
  state: StoreState,
  documents: readonly FiledDocument[],
  author: { readonly at: Date; readonly by: string },
  seen: Held | undefined,
): DirectoryDecision {
  const directory = new Map<DocumentKey, string>(state.directory);
  const past = new Map(state.directoryPast);
  const edits: Edit[] = [];
  const files = new Set<string>();
  const places = new Map<DocumentKey, Where>();
  const behind: DocumentKey[] = [];
  const twice = namedTwice(documents.map(({ document }) => document));
  if (twice.length > 0) return { outcome: { kind: "refused", problems: twice }, behind };

  const held = heldBy(documents);
  for (const { file, document } of documents) {
    const key = keyOf(document);
    const hash = held.get(key) ?? "";
    const inForce = state.directory.get(key);
    if (state.documents.get(key)?.hash === hash) places.set(key, document.where);
    if (seen?.get(key) === hash || inForce === hash) continue;
    const isLate = seen === undefined || seen.get(key) !== inForce;
    if (isLate && past.get(key)?.includes(hash)) {
      behind.push(key);
      continue;
    }
    edits.push({ kind: "put", parsed: document, origin: { kind: "file", path: file } });
    files.add(file);
    directory.set(key, hash);
    remember(past, key, inForce);
  }
  const gone: DocumentKey[] = [];
  for (const [key, hash] of seen ?? []) {
    const inForce = state.directory.get(key);
    if (held.has(key) || inForce === undefined) continue;
    if (inForce !== hash) behind.push(key);
    else gone.push(key);
  }
  for (const key of gone) {
    edits.push({ kind: "delete", ...partsOf(key) });
    remember(past, key, directory.get(key));
    directory.delete(key);
  }

  const reason = reasonOf([...files].sort(), gone);
  const applied = applyEdits(state, edits, { ...author, reason, through: "file" }, places);
  if (applied.kind === "refused") return { outcome: applied, behind };
  const base = applied.kind === "changed" ? applied.state : state;
  const outcome: ChangeOutcome = {
    kind: "done",
    revision: base.book.revision,
    book: base.book,
    documents: documents.flatMap(({ document }) => base.documents.get(keyOf(document))?.stored ?? []),
  };
  const next: StoreState = { ...base, directory, directoryPast: forgetting(past, directory) };
  if (applied.kind === "changed") return { outcome, next, changed: { ...applied, state: next }, behind };
  return isSame(state.directory, directory) ? { outcome, behind } : { outcome, next, behind };
}

/** By key, the hash of each document's content. */
export function heldBy(documents: readonly FiledDocument[]): Held {
  return new Map(documents.map(({ document }) => [keyOf(document), hashOf(document.document)]));
}

const pastKept = 8;
const goneKept = 1_000;

function remember(past: Map<DocumentKey, readonly string[]>, key: DocumentKey, hash: string | undefined): void {
  if (hash === undefined) return;
  const before = (past.get(key) ?? []).filter((each) => each !== hash);
  // Last again, for `forgetting`.
  past.delete(key);
  past.set(key, [...before, hash].slice(-pastKept));
}

/** Without the past of what left the directory longest ago. */
function forgetting(past: ReadonlyMap<DocumentKey, readonly string[]>, directory: Held): StoreState["directoryPast"] {
  const gone = [...past.keys()].filter((key) => !directory.has(key));
  const old = new Set(gone.slice(0, Math.max(0, gone.length - goneKept)));
  return old.size === 0 ? past : new Map([...past].filter(([key]) => !old.has(key)));
}

function reasonOf(files: readonly string[], gone: readonly DocumentKey[]): string {
  const parts = [
    ...(files.length > 0 ? [`changed in ${listed(files)}`] : []),
    ...(gone.length > 0 ? [`no longer in the directory: ${listed(gone)}`] : []),
  ];
  return parts.join("; ");
}

function listed(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

function partsOf(key: DocumentKey): { readonly documentKind: DocumentKind; readonly name: string } {
  const slash = key.indexOf("/");
  return { documentKind: key.slice(0, slash) as DocumentKind, name: key.slice(slash + 1) };
}

function isSame(a: Held, b: Held): boolean {
  return a.size === b.size && [...a].every(([key, hash]) => b.get(key) === hash);
}
