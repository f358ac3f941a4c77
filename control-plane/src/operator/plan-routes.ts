import { z } from "zod";
import { changedRows } from "../plan/effective/changed-rows.ts";
import { type ClientGroup, clientGroups } from "../plan/effective/client-groups.ts";
import { effectiveOn } from "../plan/effective/effective-on.ts";
import { effectiveWords } from "../plan/effective/effective-words.ts";
import type { DocumentChange } from "../plan/plan/plan.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { badRequest, refusal } from "./api-error.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentsOf, problemsInBody } from "./documents-of-body.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { planAnswer, planShape } from "./plan-shape.ts";
import { removalsOf } from "./removals-of-body.ts";

/** What a change would do, without doing it. */
export function planRoutes(app: OperatorApp, { parts: { policies, planning, clients } }: OperatorContext): void {
  app.post(
    "/v1/config::plan",
    {
      config: { yaml: true },
      schema: {
        summary: "What applying these documents would change: fields, xDS resources, clients, traffic, findings",
        description:
          'The body is that of config:apply; {"documents": [...], "delete": [{"kind": ..., "name": ...}]} has documents that go, too. Nothing is stored.',
        tags: ["config"],
        querystring: z.strictObject({}),
        body: z.unknown(),
        response: { 200: planShape },
      },
    },
    async (request) => {
      const removed = removalsOf(request.body);
      const documents = removed.length > 0 ? documentsBeside(request.body) : documentsOf(request.body);
      const outcome = await policies.change({
        operations: [
          ...documents.map((document) => ({ kind: "put" as const, document })),
          ...removed.map(({ kind, name }) => ({ kind: "delete" as const, documentKind: kind, name })),
        ],
        by: "plan",
        reason: "",
        through: "api",
        validateOnly: true,
      });
      if (outcome.kind === "refused") throw badRequest("the documents", problemsInBody(outcome.problems, request.body));
      const done = doneOrThrow(outcome, { what: "the documents", expected: undefined, policies });
      const made = await planning.plan({ ...done, removed });
      if (made === undefined)
        throw refusal(
          503,
          "UNAVAILABLE",
          "NOT_SERVING",
          "there is no plan yet, because nothing is served yet: GET /readyz says what is waited for",
        );
      const groups = clientGroups(clients.list().map(({ agent }) => agent));
      return planAnswer(made, (change) => notesOn(change, done.documents, groups));
    },
  );
}

/** Where documents go, none need be put. */
function documentsBeside(body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null || !("documents" in body)) return [];
  const { documents } = body;
  return Array.isArray(documents) && documents.length > 0 ? documentsOf(body) : [];
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
