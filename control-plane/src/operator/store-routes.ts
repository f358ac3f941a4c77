import { z } from "zod";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { ageSeconds, secondsSince, time } from "./shapes.ts";

const store = z.object({
  kind: z.enum(["file", "consul"]).meta({ description: "file: of this process alone; consul: shared by all replicas" }),
  where: z.string(),
  state: z.enum(["current", "away", "damaged"]).meta({
    description: "Unless it is current, changes are refused and what is in force stays",
  }),
  since: time,
  ageSeconds,
  cause: z.string().optional(),
  known: z.boolean().meta({ description: "false: nothing is in force yet" }),
  revision: z.number().int(),
});

/** Where the documents are kept, and whether changes can be. */
export function storeRoutes(app: OperatorApp, { parts: { policies } }: OperatorContext): void {
  app.get(
    "/v1/store",
    {
      schema: {
        summary: "Where the documents are kept, and whether it takes changes",
        tags: ["config"],
        response: { 200: store },
      },
    },
    async () => {
      const { kind, where, state, since, cause, isKnown } = policies.status();
      return {
        ...{ kind, where, state, since: since.toISOString(), ageSeconds: secondsSince(since), known: isKnown },
        ...(cause !== undefined && { cause }),
        revision: policies.books.current()?.revision ?? 0,
      };
    },
  );
}
