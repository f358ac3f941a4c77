import { documentKinds } from "../../policy/documents/document-schemas.ts";
import type { DocumentKind, JournalEntry, PastDocument, PolicyStore } from "../../policy/policy-store.ts";

/** `unknown`: it was there, and what it said is not kept. */
export type Was = PastDocument | "unknown";

/** What a revision did to a document; undefined: there was none, or is none any more. */
export type PastChange = {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly action: "create" | "update" | "delete";
  readonly before: Was | undefined;
  readonly after: Was | undefined;
};

/** All documents, by `TrafficSplit/report`. */
export type PastDocuments = ReadonlyMap<
  string,
  { readonly kind: DocumentKind; readonly name: string; readonly was: Was }
>;

export type Step = {
  readonly entry: JournalEntry;
  readonly changes: readonly PastChange[];
  readonly before: PastDocuments;
};

/** As many as a store keeps at hand. */
const mostEntries = 1_000;

/**
 * The journal from the newest revision back, with what each changed and the documents in force before it; as far as it is kept
 * without a gap.
 */
export function* walkBack(policies: Pick<PolicyStore, "books" | "journal" | "list">): Generator<Step, void> {
  let documents = documentsInForce(policies);
  let expected = policies.books.current()?.revision ?? 0;
  for (const entry of policies.journal(mostEntries)) {
    if (entry.revision !== expected) return;
    const before = new Map(documents);
    const changes = entry.changes.map(({ documentKind: kind, name, action, before: kept }): PastChange => {
      const key = `${kind}/${name}`;
      const was = action === "create" ? undefined : (kept ?? "unknown");
      const after = action === "delete" ? undefined : documents.get(key)?.was;
      if (was) before.set(key, { kind, name, was });
      else before.delete(key);
      return { kind, name, action, before: was, after };
    });
    yield { entry, changes, before };
    documents = before;
    expected = entry.revision - 1;
  }
}

export function documentsInForce(policies: Pick<PolicyStore, "list">): PastDocuments {
  const all = documentKinds.flatMap((kind) => policies.list(kind));
  return new Map(
    all.map(({ kind, name, revision, document }) => [`${kind}/${name}`, { kind, name, was: { revision, document } }]),
  );
}
