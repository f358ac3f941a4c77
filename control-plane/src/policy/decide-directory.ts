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
};

/**
 * What the documents of the watched directory come to. The directory is one writer among others: a document of it is applied
 * when its own content changed since it was last applied, and one that vanished from it is deleted.
 */
export function decideDirectory(
  state: StoreState,
  documents: readonly FiledDocument[],
  author: { readonly at: Date; readonly by: string },
): DirectoryDecision {
  const directory = new Map<DocumentKey, string>();
  const edits: Edit[] = [];
  const files = new Set<string>();
  const places = new Map<DocumentKey, Where>();
  const twice = namedTwice(documents.map(({ document }) => document));
  if (twice.length > 0) return { outcome: { kind: "refused", problems: twice } };
  for (const { file, document } of documents) {
    const key = keyOf(document);
    const hash = hashOf(document.document);
    directory.set(key, hash);
    if (state.documents.get(key)?.hash === hash) places.set(key, document.where);
    if (state.directory.get(key) === hash) continue;
    edits.push({ kind: "put", parsed: document, origin: { kind: "file", path: file } });
    files.add(file);
  }
  const gone = [...state.directory.keys()].filter((key) => !directory.has(key));
  for (const key of gone) edits.push({ kind: "delete", ...partsOf(key) });

  const reason = reasonOf([...files].sort(), gone);
  const applied = applyEdits(state, edits, { ...author, reason, through: "file" }, places);
  if (applied.kind === "refused") return { outcome: applied };
  const base = applied.kind === "changed" ? applied.state : state;
  const outcome: ChangeOutcome = {
    kind: "done",
    revision: base.book.revision,
    documents: documents.flatMap(({ document }) => base.documents.get(keyOf(document))?.stored ?? []),
  };
  const next: StoreState = { ...base, directory };
  if (applied.kind === "changed") return { outcome, next, changed: { ...applied, state: next } };
  return isSame(state.directory, directory) ? { outcome } : { outcome, next };
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

function isSame(a: ReadonlyMap<DocumentKey, string>, b: ReadonlyMap<DocumentKey, string>): boolean {
  return a.size === b.size && [...a].every(([key, hash]) => b.get(key) === hash);
}
