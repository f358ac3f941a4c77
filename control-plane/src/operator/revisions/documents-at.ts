import type { PolicyStore } from "../../policy/policy-store.ts";
import { type ApiError, refusal } from "../api-error.ts";
import { documentsInForce, type PastDocuments, walkBack } from "./walk-back.ts";

/** The documents that were in force at a revision; throws 404 for one that is not, or is not kept any more. */
export function documentsAt(
  policies: Pick<PolicyStore, "books" | "journal" | "list">,
  revision: number,
): PastDocuments {
  const newest = policies.books.current()?.revision ?? 0;
  if (revision > newest) throw noSuchRevision(revision, newest);
  if (revision === newest) return documentsInForce(policies);
  for (const { entry, before } of walkBack(policies)) if (entry.revision === revision + 1) return before;
  throw notKept(revision, policies);
}

/** The newest revision at a time; throws 404 where the journal does not reach that far back. */
export function revisionAt(policies: Pick<PolicyStore, "books" | "journal" | "list">, time: Date): number {
  let oldest = policies.books.current()?.revision ?? 0;
  for (const { entry } of walkBack(policies)) {
    if (entry.at <= time) return entry.revision;
    oldest = entry.revision - 1;
  }
  if (oldest === 0) return 0;
  throw refusal(
    404,
    "NOT_FOUND",
    "REVISION_NOT_KEPT",
    `the journal that is at hand begins after ${time.toISOString()}, with r${oldest + 1}: GET /v1/revisions has what is there`,
    { oldest: String(oldest + 1) },
  );
}

export function noSuchRevision(revision: number, newest: number): ApiError {
  const says = `there is no r${revision}: the newest is r${newest}`;
  return refusal(404, "NOT_FOUND", "NO_SUCH_REVISION", says, { newest: String(newest) });
}

export function notKept(revision: number, policies: Pick<PolicyStore, "books" | "journal" | "list">): ApiError {
  const newest = policies.books.current()?.revision ?? 0;
  const [last] = policies.journal(1);
  // Of a shared store the documents come first and the journal a moment later.
  if (last && last.revision < newest)
    throw refusal(
      503,
      "UNAVAILABLE",
      "JOURNAL_BEHIND",
      `the journal of r${newest} is being read: ask again`,
      {},
      { "retry-after": "1" },
    );
  let oldest = newest;
  for (const { entry } of walkBack(policies)) oldest = entry.revision;
  const says = `what was in force at r${revision} is not kept any more: the journal that is at hand begins with r${oldest}`;
  return refusal(404, "NOT_FOUND", "REVISION_NOT_KEPT", says, { oldest: String(oldest) });
}
