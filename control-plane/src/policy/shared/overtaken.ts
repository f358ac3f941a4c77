import type { ChangeOutcome, JournalEntry } from "../policy-store.ts";
import { keyOf, type StoreState } from "../store-state.ts";

/**
 * Whether what a change was decided on still holds for each document that it changes. One that does not was changed by another
 * replica meanwhile, and an older plan must not undo that.
 */
export function overtakenBy(
  { changes }: Pick<JournalEntry, "changes">,
  base: StoreState,
  now: StoreState,
): Extract<ChangeOutcome, { kind: "overtaken" }> | undefined {
  for (const { documentKind, name } of changes) {
    const key = keyOf({ kind: documentKind, name });
    const before = base.documents.get(key)?.stored;
    const after = now.documents.get(key)?.stored;
    if (before?.etag === after?.etag) continue;
    return {
      kind: "overtaken",
      documentKind,
      name,
      base: base.book.revision,
      by: after?.changed.by ?? "somebody who deleted it",
      revision: after?.revision ?? now.book.revision,
    };
  }
  return undefined;
}
