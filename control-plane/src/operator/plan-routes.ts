import { z } from "zod";
import { badRequest } from "./api-error.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentsOf, problemsInBody } from "./documents-of-body.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { planOf } from "./plan-of.ts";
import { planShape } from "./plan-shape.ts";
import { removalsOf } from "./removals-of-body.ts";

/** What a change would do, without doing it. */
export function planRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  const { policies } = parts;
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
      return planOf(parts, { ...done, removed });
    },
  );
}

/** Where documents go, none need be put. */
function documentsBeside(body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null || !("documents" in body)) return [];
  const { documents } = body;
  return Array.isArray(documents) && documents.length > 0 ? documentsOf(body) : [];
}
