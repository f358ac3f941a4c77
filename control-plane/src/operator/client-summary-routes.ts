import { z } from "zod";
import { clientSummary } from "./client-summary.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { ageSeconds, secondsSince } from "./shapes.ts";

const count = z.number().int();
const states = z
  .object({ SYNCED: count.optional(), STALE: count.optional(), NOT_SENT: count.optional(), ERROR: count.optional() })
  .meta({ description: "How many are in which state" });

const summary = z.object({
  clients: count,
  synced: count.meta({ description: "Those that have taken all that they are to have" }),
  groups: z.array(
    z.object({
      kind: z.enum(["envoy", "grpc"]),
      role: z.string(),
      locality: z.string(),
      clients: count,
      types: z.object({ CDS: states, LDS: states, EDS: states, RDS: states }),
    }),
  ),
  troubled: z
    .array(
      z.object({
        nodeId: z.string(),
        kind: z.enum(["envoy", "grpc"]),
        locality: z.string(),
        type: z.enum(["CDS", "LDS", "EDS", "RDS"]),
        status: z.enum(["STALE", "ERROR"]),
        ageSeconds,
        reason: z.string().optional(),
        rejected: z.array(z.string()).optional(),
      }),
    )
    .meta({ description: "By name, type by type: those that reject first, then the longest waited for; at most 50" }),
  troubledLeftOut: count,
});

/** Who is connected, in a size that does not grow with them. */
export function clientSummaryRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/clients::summary",
    {
      schema: {
        summary: "How many clients of which kind are where and in which state, and who is in trouble",
        tags: ["clients"],
        response: { 200: summary },
      },
    },
    async () => {
      const { groups, troubled, ...counts } = clientSummary(parts.clients.list());
      return {
        ...counts,
        groups: [...groups],
        troubled: troubled.map(({ since, rejected, ...rest }) => ({
          ...rest,
          ageSeconds: secondsSince(since),
          ...(rejected && { rejected: [...rejected] }),
        })),
      };
    },
  );
}
