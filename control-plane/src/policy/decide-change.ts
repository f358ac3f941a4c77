import type { Problem } from "../lib/parsed.ts";
import { type Applied, applyEdits, type Edit } from "./apply-edits.ts";
import { type ParsedDocument, parseDocument } from "./documents/parse-document.ts";
import { inDocument, pathText, type Where } from "./documents/path-text.ts";
import type { ChangeOutcome, ChangeRequest, EditedDocument, Operation, StoredDocument } from "./policy-store.ts";
import { hashOf, keyOf, type StoreState } from "./store-state.ts";

export type Decision = {
  readonly outcome: ChangeOutcome;
  /** What to store and to publish, when something changed. */
  readonly changed?: Extract<Applied, { kind: "changed" }>;
};

/** What a change request comes to. Nothing is stored here: the caller does, or does not when it is only asked. */
export function decideChange(state: StoreState, request: ChangeRequest, now: Date): Decision {
  const { base } = request;
  const { revision } = state.book;
  if (base !== undefined && base !== revision) return { outcome: { kind: "moved", base, revision } };
  const problems = [...requestProblems(request)];
  const edits: Edit[] = [];
  for (const [index, operation] of request.operations.entries()) {
    if (operation.kind === "delete") {
      edits.push({ kind: "delete", documentKind: operation.documentKind, name: operation.name });
      continue;
    }
    const where = request.operations.length === 1 ? inDocument : inOperation(index);
    const result = parseDocument(operation.document, { now, where });
    if (result.ok) edits.push({ kind: "put", parsed: result.value, origin: { kind: "api" } });
    else problems.push(...result.problems);
  }
  problems.push(...changedTwice(edits));
  if (problems.length > 0) return { outcome: { kind: "refused", problems } };

  const forbidden = request.permits?.(edits.flatMap((edit) => editedBy(state, edit)));
  if (forbidden) return { outcome: { kind: "forbidden", ...forbidden } };
  for (const [index, edit] of edits.entries()) {
    const unmet = unmetExpectation(state, edit, request.operations[index]);
    if (unmet) return { outcome: unmet };
  }
  const { by, vouchedBy, subject, reason, through } = request;
  const author = { at: now, by, reason, through, ...(vouchedBy && { vouchedBy }), ...(subject && { subject }) };
  const applied = applyEdits(state, edits, author);
  if (applied.kind === "refused") return { outcome: applied };
  const next = applied.kind === "changed" ? applied.state : state;
  const documents = edits.flatMap((edit) => (edit.kind === "put" ? storedOf(next, edit.parsed) : []));
  const outcome: ChangeOutcome = { kind: "done", revision: next.book.revision, documents, book: next.book };
  return applied.kind === "changed" ? { outcome, changed: applied } : { outcome };
}

/** None for a put of what is in force already: who may not change it may still send it along. */
function editedBy(state: StoreState, edit: Edit): EditedDocument[] {
  const { kind, name } = edit.kind === "put" ? edit.parsed : { kind: edit.documentKind, name: edit.name };
  const entry = state.documents.get(keyOf({ kind, name }));
  const after = edit.kind === "put" ? edit.parsed.document : undefined;
  if (after !== undefined && entry?.hash === hashOf(after)) return [];
  return [{ kind, name, before: entry?.stored.document, after }];
}

const maxReasonLength = 1000;

function requestProblems({ by, reason }: ChangeRequest): Problem[] {
  const problems: Problem[] = [];
  if (by.trim() === "" || by.length > 200)
    problems.push({ at: "by", says: "expected who makes this change, at most 200 characters" });
  if (reason.length > maxReasonLength)
    problems.push({ at: "reason", says: `expected at most ${maxReasonLength} characters, not ${reason.length}` });
  return problems;
}

function inOperation(index: number): Where {
  return (path) => ({ at: pathText(["operations", index, "document", ...path]) });
}

function changedTwice(edits: readonly Edit[]): Problem[] {
  const keys = edits.map((edit) =>
    edit.kind === "put" ? keyOf(edit.parsed) : keyOf({ kind: edit.documentKind, name: edit.name }),
  );
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    return first === index
      ? []
      : [{ at: pathText(["operations", index]), says: `${key} is changed by operations[${first}] already` }];
  });
}

function unmetExpectation(state: StoreState, edit: Edit, operation: Operation | undefined): ChangeOutcome | undefined {
  const { documentKind, name } =
    edit.kind === "put" ? { documentKind: edit.parsed.kind, name: edit.parsed.name } : edit;
  const current = state.documents.get(keyOf({ kind: documentKind, name }))?.stored;
  const expects = operation?.expects;
  if (edit.kind === "delete" && current === undefined) return { kind: "missing", documentKind, name };
  const holds =
    expects === undefined || (expects === "absent" ? current === undefined : current?.etag === expects.etag);
  return holds ? undefined : { kind: "outdated", documentKind, name, current };
}

function storedOf(state: StoreState, parsed: ParsedDocument): StoredDocument[] {
  const entry = state.documents.get(keyOf(parsed));
  return entry ? [entry.stored] : [];
}
