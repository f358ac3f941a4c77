import { z } from "zod";
import { badRequest } from "./api-error.ts";
import { authorOf } from "./author.ts";
import { problemsInBody } from "./documents-of-body.ts";
import { etagsOf } from "./etags-of-body.ts";
import { operationsOf } from "./operations-of-body.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { storedPlanShape } from "./plan-shape.ts";
import { makePlan, planNamed } from "./stored-plan.ts";

const tags = ["config"];

/** What a change would do, without doing it; kept, so that just that can be done. */
export function planRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.post(
    "/v1/config::plan",
    {
      config: { yaml: true },
      schema: {
        summary: "What applying these documents would change: fields, xDS resources, clients, traffic, findings",
        description:
          'The body is that of config:apply. No document is changed. The plan is kept for an hour: {"planId": ...} to config:apply does just that.',
        tags,
        querystring: z.strictObject({}),
        body: z.unknown(),
        response: { 200: storedPlanShape },
      },
    },
    async (request, reply) => {
      const etags = etagsOf(request.body);
      const answer = await makePlan(parts, {
        operations: operationsOf(request.body, etags, parts.policies),
        etags,
        by: authorOf(request, {}).by,
        refused: (problems) => badRequest("the documents", problemsInBody(problems, request.body)),
      });
      return reply.header("etag", `"r${answer.base}"`).send(answer);
    },
  );

  app.get(
    "/v1/plans/:id",
    {
      schema: {
        summary: "A plan as it was made; its ETag is the revision that it starts from",
        tags,
        params: z.object({ id: z.string() }),
        response: { 200: storedPlanShape },
      },
    },
    async (request, reply) => {
      const { answer } = await planNamed(parts, request.params.id);
      return reply.header("etag", `"r${answer.base}"`).send(answer);
    },
  );
}
