import { z } from "zod";
import type { StoredDocument } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { authorOf, writeQuery } from "./author.ts";
import { baseOf, conditionOnBase } from "./base-of.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentsOf, problemsInBody } from "./documents-of-body.ts";
import { findingOf, findingShape } from "./finding-shape.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

const kindOf = z.enum(["Service", "TrafficSplit", "TrafficPolicy", "Route", "Patch", "Drain"]);

const applied = z.object({
  revision: z.number().int(),
  validateOnly: z.boolean(),
  changes: z.array(
    z.object({
      kind: kindOf,
      name: z.string(),
      action: z.enum(["create", "update", "unchanged"]),
      etag: z.string(),
    }),
  ),
  findings: z.array(findingShape).meta({
    description: "What these documents get wrong although they are valid, and what they bring about elsewhere",
  }),
});

/** Many documents at once. */
export function configRoutes(app: OperatorApp, { parts: { policies, planning } }: OperatorContext): void {
  app.post(
    "/v1/config::apply",
    {
      config: { yaml: true },
      schema: {
        summary: "Create or replace many documents: all or nothing, one revision",
        description:
          'A document, a list of them, {"documents": [...]}, or YAML documents separated by --- as application/yaml.',
        tags: ["config"],
        querystring: writeQuery,
        headers: conditionOnBase,
        body: z.unknown(),
        response: { 200: applied },
      },
    },
    async (request) => {
      const documents = documentsOf(request.body);
      const validateOnly = request.query.validateOnly === "true";
      const warningsOf = await planning.warnings();
      const before = new Map<string, StoredDocument>();
      for (const kind of kindOf.options)
        for (const each of policies.list(kind)) before.set(`${kind}/${each.name}`, each);
      const outcome = await policies.change({
        operations: documents.map((document) => ({ kind: "put", document })),
        ...authorOf(request, request.query),
        through: "api",
        validateOnly,
        base: baseOf(request.headers),
      });
      if (outcome.kind === "refused") throw badRequest("the documents", problemsInBody(outcome.problems, request.body));
      const done = doneOrThrow(outcome, { what: "the documents", expected: undefined, policies });
      const findings = await warningsOf(done);
      return {
        revision: done.revision,
        validateOnly,
        changes: done.documents.map(({ kind, name, etag }) => {
          const old = before.get(`${kind}/${name}`);
          const action = !old ? ("create" as const) : old.etag === etag ? ("unchanged" as const) : ("update" as const);
          return { kind, name, action, etag };
        }),
        findings: findings.map(findingOf),
      };
    },
  );
}
