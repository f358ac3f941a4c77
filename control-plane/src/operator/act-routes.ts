import { z } from "zod";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { time } from "./shapes.ts";

const entry = z.object({
  act: z.number().int().meta({ description: "One more than the one before it, on this replica" }),
  at: time,
  by: z.string(),
  vouchedBy: z.enum(["token", "certificate", "oidc"]).optional(),
  subject: z.string().optional(),
  verb: z.string().meta({ description: "`register`, `deregister`, `release-guard`, `set-log-level` ..." }),
  on: z.string().meta({ description: "What it is done to: `registry/services/report/endpoints/r1`" }),
  details: z.record(z.string(), z.string()).optional(),
  reason: z.string(),
  hash: z.string().meta({ description: "Of the entry and, through it, of all entries before it" }),
});

/** Who did what no document holds. */
export function actRoutes(app: OperatorApp, { parts: { acts } }: OperatorContext): void {
  app.get(
    "/v1/acts",
    {
      schema: {
        summary: "Who registered endpoints, released what was held back and the like, by this replica; newest first",
        description: "What documents hold is in GET /v1/revisions.",
        tags: ["self"],
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).optional() }),
        response: { 200: z.object({ acts: z.array(entry) }) },
      },
    },
    async ({ query: { limit = 50 } }) => ({
      acts: acts.list(limit).map(({ at, details, previous: _, ...rest }) => ({
        ...rest,
        at: at.toISOString(),
        ...(details && { details: { ...details } }),
      })),
    }),
  );
}
