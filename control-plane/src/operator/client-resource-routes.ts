import { z } from "zod";
import type { JournalEntry } from "../policy/policy-store.ts";
import type { ResourceStatus } from "../serve/clients.ts";
import { newestClient } from "./client-routes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { OperatorParts } from "./parts.ts";
import { flag, time } from "./shapes.ts";

const typeNames = {
  cluster: "CDS",
  endpoints: "EDS",
  listener: "LDS",
  routes: "RDS",
  secret: "SDS",
  runtime: "RTDS",
  extension: "ECDS",
  scopedRoutes: "SRDS",
} as const;
type TypeName = (typeof typeNames)[keyof typeof typeNames];

const resource = z.object({
  type: z.enum(Object.values(typeNames)),
  name: z.string(),
  status: z.enum(["REQUESTED", "ACKED", "NACKED", "DOES_NOT_EXIST"]),
  version: z.string().meta({ description: "The version that it is to have; empty: none" }),
  held: z.string().meta({ description: "The version that it has, as far as it said; empty: none, or not known yet" }),
  at: time,
  revision: z
    .number()
    .int()
    .optional()
    .meta({ description: "The revision of the documents that this content comes from" }),
  changedBy: z.object({ by: z.string(), reason: z.string(), at: time }).optional(),
  reason: z.string().optional().meta({ description: "NACKED: the client's own words" }),
  attempts: z.number().int().optional(),
  retryAt: time.optional(),
  config: z
    .unknown()
    .optional()
    .meta({ description: "The content that it is to have, as proto3 JSON; with ?config=true" }),
});

/** What one client is to have and has, resource by resource. */
export function clientResourceRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/clients/:id/resources",
    {
      schema: {
        summary: "Each resource of a client: wanted, sent, ACKed or rejected, when, and by which revision",
        tags: ["clients"],
        params: z.object({ id: z.string() }),
        querystring: z.strictObject({
          type: z.enum(Object.values(typeNames)).optional(),
          name: z.string().optional(),
          config: flag.optional(),
        }),
        response: { 200: z.object({ nodeId: z.string(), resources: z.array(resource) }) },
      },
    },
    async ({ params: { id }, query: { type, name, config } }) => {
      const client = newestClient(parts, id);
      const entries = new Map(parts.policies.journal(1_000).map((entry) => [entry.revision, entry]));
      const resources: z.output<typeof resource>[] = [];
      for (const each of client.resources()) {
        if ((type !== undefined && typeNames[each.type] !== type) || (name !== undefined && each.name !== name))
          continue;
        resources.push(shapeOf(each, entries, config === "true" ? parts : undefined));
      }
      return { nodeId: client.nodeId, resources };
    },
  );
}

function shapeOf(
  { type, body, revision, at, retryAt, reason, attempts, ...rest }: ResourceStatus,
  entries: ReadonlyMap<number, JournalEntry>,
  parts: OperatorParts | undefined,
): z.output<typeof resource> {
  const entry = revision === undefined ? undefined : entries.get(revision);
  return {
    ...rest,
    type: typeNames[type] satisfies TypeName,
    at: at.toISOString(),
    ...(revision !== undefined && { revision }),
    ...(entry && { changedBy: { by: entry.by, reason: entry.reason, at: entry.at.toISOString() } }),
    ...(reason !== undefined && { reason }),
    ...(attempts !== undefined && { attempts }),
    ...(retryAt && { retryAt: retryAt.toISOString() }),
    ...(parts && body && { config: parts.resourceJson(body) }),
  };
}
