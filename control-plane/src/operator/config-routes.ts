import { z } from "zod";
import type { StoredDocument } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { authorOf } from "./author.ts";
import { baseOf, conditionOnBase } from "./base-of.ts";
import { isYamlBody } from "./bodies.ts";
import { bodyOf } from "./body-of.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { problemsInBody } from "./documents-of-body.ts";
import { forcibleQuery, requireHeadroom } from "./drain-headroom.ts";
import { etagsOf, expectedOf } from "./etags-of-body.ts";
import { findingOf, findingShape } from "./finding-shape.ts";
import { operationsOf } from "./operations-of-body.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { actionsOf, applyPlan, planNamed } from "./stored-plan.ts";

const kindOf = z.enum(["Service", "TrafficSplit", "TrafficPolicy", "Route", "Patch", "Drain"]);

const applied = z.object({
  revision: z.number().int(),
  validateOnly: z.boolean(),
  changes: z.array(
    z.object({
      kind: kindOf,
      name: z.string(),
      action: z.enum(["create", "update", "unchanged", "delete"]),
      etag: z.string().optional().meta({ description: "Missing of one that is deleted" }),
    }),
  ),
  findings: z.array(findingShape).meta({
    description: "What these documents get wrong although they are valid, and what they bring about elsewhere",
  }),
});

/** Many documents at once. */
export function configRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  const { policies, planning } = parts;
  app.post(
    "/v1/config::apply",
    {
      config: { yaml: true },
      schema: {
        summary: "Create, replace or delete many documents: all or nothing, one revision",
        description:
          'A document, a list of them, {"documents": [...]}, or YAML documents separated by --- as application/yaml. "etags" beside "documents", like {"trafficSplits/report": "r42-9f3c01ab"}, are the states that have to be in force, "absent" for none; another: 412. Beside them "delete", like [{"kind": "Route", "name": "canary"}], names documents that go, and "pruneKinds", like ["Route"], kinds of which all go that are not given. {"planId": ...} does what that plan says, if nothing was changed since it was made; else 412 PLAN_STALE.',
        tags: ["config"],
        querystring: forcibleQuery,
        headers: conditionOnBase,
        body: z.unknown(),
        response: { 200: applied },
      },
    },
    async (request) => {
      const validateOnly = request.query.validateOnly === "true";
      const base = baseOf(request.headers);
      const id = planIdOf(request.body);
      const plan = id === undefined ? undefined : await planNamed(parts, id);
      if (plan && base !== undefined && base !== plan.answer.base)
        throw badRequest("the request's headers", [
          { at: "If-Match", says: `is r${base}, and the plan was made on r${plan.answer.base}: leave it out` },
        ]);
      const etags = etagsOf(request.body);
      const operations = plan?.operations ?? operationsOf(request.body, etags, policies);
      if (request.query.force !== "true") await requireHeadroom(parts, operations);
      const warningsOf = await planning.warnings();
      const before = new Map<string, StoredDocument>();
      for (const kind of kindOf.options)
        for (const each of policies.list(kind)) before.set(`${kind}/${each.name}`, each);
      const change = { ...authorOf(request, request.query), validateOnly };
      const done = plan ? await applyPlan(parts, plan, change) : await applyDocuments();
      const findings = await warningsOf(done);
      return {
        revision: done.revision,
        validateOnly,
        changes: actionsOf(done, operations, before),
        findings: findings.map(findingOf),
      };

      async function applyDocuments() {
        const outcome = await policies.change({ ...change, operations, through: "api", base });
        if (outcome.kind === "refused")
          throw badRequest("the documents", problemsInBody(outcome.problems, request.body));
        return doneOrThrow(outcome, { what: "the documents", expected: expectedOf(outcome, etags), policies });
      }
    },
  );
}

/** Of `{"planId": ...}`; undefined: the body has the documents themselves. */
function planIdOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || isYamlBody(body) || !("planId" in body)) return undefined;
  return bodyOf(z.strictObject({ planId: z.string().min(1).max(200) }), body).planId;
}
