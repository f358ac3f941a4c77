import type { z } from "zod";
import { changedRows } from "../plan/effective/changed-rows.ts";
import { type ClientGroup, clientGroups } from "../plan/effective/client-groups.ts";
import { effectiveOn } from "../plan/effective/effective-on.ts";
import { effectiveWords } from "../plan/effective/effective-words.ts";
import type { DocumentChange } from "../plan/plan/plan.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { refusal } from "./api-error.ts";
import type { OperatorParts, Proposal } from "./parts.ts";
import { planAnswer, type planShape } from "./plan-shape.ts";

/** What a change would do, as the API answers it; throws 503 before anything is served. */
export async function planOf(
  { planning, clients }: Pick<OperatorParts, "planning" | "clients">,
  proposal: Proposal,
): Promise<z.output<typeof planShape>> {
  const made = await planning.plan(proposal);
  if (made === undefined)
    throw refusal(
      503,
      "UNAVAILABLE",
      "NOT_SERVING",
      "there is no plan yet, because nothing is served yet: GET /readyz says what is waited for",
    );
  const groups = clientGroups(clients.list().map(({ agent }) => agent));
  return planAnswer(made, (change) => notesOn(change, proposal.documents, groups));
}

/** What connected clients do not do of what a change brings. */
function notesOn(
  { kind, name, action, fields }: DocumentChange,
  documents: readonly StoredDocument[],
  groups: readonly ClientGroup[],
): readonly string[] {
  const after = documents.find((each) => each.kind === kind && each.name === name);
  if (!after) return [];
  const rows = effectiveOn({ kind: after.kind, spec: after.document["spec"] }, groups);
  const written = rows.filter(({ origin }) => origin === "document");
  const paths = fields.map(({ path }) => path);
  return effectiveWords(action === "create" ? written : changedRows(written, paths));
}
