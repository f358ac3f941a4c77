import { ageText } from "../lib/age.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import type { ChangeOutcome, DocumentKind, PolicyStore, StoredDocument } from "../policy/policy-store.ts";
import { type ApiError, badRequest, refusal } from "./api-error.ts";
import { collectionOf, documentPath } from "./collections.ts";

/** What the store says, when it did what was asked; else the error that says why not. */
export function doneOrThrow(
  outcome: ChangeOutcome,
  {
    what,
    expected,
    policies,
  }: { readonly what: string; readonly expected: string | undefined; readonly policies: PolicyStore },
): Extract<ChangeOutcome, { kind: "done" }> {
  switch (outcome.kind) {
    case "done":
      return outcome;
    case "refused":
      throw badRequest(what, outcome.problems);
    case "missing":
      throw missingDocument(policies, outcome.documentKind, outcome.name);
    case "moved":
      throw moved(outcome.base, policies);
    case "overtaken":
      throw overtaken(outcome);
    case "forbidden":
      throw refusal(403, "PERMISSION_DENIED", "OUT_OF_REACH", outcome.says, outcome.metadata);
    case "outdated":
      throw outdated(outcome.documentKind, outcome.name, outcome.current, expected);
  }
}

/** 404 for a document, with the name that was probably meant. */
export function missingDocument(policies: PolicyStore, kind: DocumentKind, name: string): ApiError {
  const hint = didYouMean(
    name,
    policies.list(kind).map((each) => each.name),
  );
  const says = `there is no ${documentPath(kind, name)}${hint || "."}`;
  return refusal(404, "NOT_FOUND", "NO_SUCH_DOCUMENT", says, { resource: documentPath(kind, name) });
}

/** 412: what was to be changed only at one revision is asked for at another. */
export function moved(base: number, policies: Pick<PolicyStore, "books" | "journal">): ApiError {
  const revision = policies.books.current()?.revision ?? 0;
  const [newest] = policies.journal(1);
  const by = newest?.revision === revision ? ` by ${newest.by} ${ageText(Date.now() - newest.at.getTime())} ago` : "";
  const says = `nothing was changed: this was decided on r${base}, and now there is r${revision}${by}. Look at what it would do now, and repeat it.`;
  return refusal(412, "ABORTED", "BASE_MOVED", says, { base: String(base), revision: String(revision) });
}

/** 409: another replica was quicker, while this one was writing. */
function overtaken({
  documentKind,
  name,
  base,
  by,
  revision,
}: Extract<ChangeOutcome, { kind: "overtaken" }>): ApiError {
  const resource = documentPath(documentKind, name);
  const says = `nothing was changed: this change was decided on r${base}, and meanwhile ${by} changed ${resource} through another replica (r${revision}). Read it again and repeat your change.`;
  return refusal(409, "ABORTED", "CONFLICT", says, { resource, base: String(base), revision: String(revision) });
}

/** 412: what the caller expected of a document does not hold. */
export function outdated(
  kind: DocumentKind,
  name: string,
  current: StoredDocument | undefined,
  expected: string | undefined,
): ApiError {
  const resource = documentPath(kind, name);
  if (!current)
    return refusal(
      412,
      "ABORTED",
      "ETAG_MISMATCH",
      `${resource} does not exist (any more): read ${collectionOf(kind)} again.`,
      {
        resource,
        current: "absent",
      },
    );
  const { at, by } = current.changed;
  const now = `r${current.revision} by ${by} ${ageText(Date.now() - at.getTime())} ago`;
  const metadata = { resource, current: current.etag };
  if (expected === undefined)
    return refusal(412, "ALREADY_EXISTS", "ALREADY_EXISTS", `${resource} exists already (${now}).`, metadata);
  const yours = /^r\d+/.exec(expected)?.[0] ?? expected;
  const says = `${resource} changed since you read it (you: ${yours}, now: ${now}). Read it again and repeat your change.`;
  return refusal(412, "ABORTED", "ETAG_MISMATCH", says, metadata);
}
