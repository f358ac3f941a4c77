import { z } from "zod";
import type { JournalEntry } from "../policy/policy-store.ts";
import { type Look, resourceKey } from "../running/running.ts";
import type { ResourceStatus } from "../serve/clients.ts";
import { newestClient } from "./client-routes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { OperatorParts } from "./parts.ts";
import {
  lookOf,
  runningClientOf,
  runningClientShape,
  runningResourceOf,
  runningResourceShape,
} from "./running-shape.ts";
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
  running: runningResourceShape.optional().meta({ description: "As the client itself says, where it can be asked" }),
});

/** What one client is to have and has, resource by resource. */
export function clientResourceRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/clients/:id/resources",
    {
      schema: {
        summary: "Each resource of a client: wanted, sent, ACKed or rejected, running, when, and by which revision",
        tags: ["clients"],
        params: z.object({ id: z.string() }),
        querystring: z.strictObject({
          type: z.enum(Object.values(typeNames)).optional(),
          name: z.string().optional(),
          config: flag.optional(),
          view: z.enum(["all", "diff"]).optional().meta({
            description: "diff: only what it does not have, or runs otherwise, and where that differs",
          }),
        }),
        response: {
          200: z.object({ nodeId: z.string(), running: runningClientShape, resources: z.array(resource) }),
        },
      },
    },
    async ({ params: { id }, query: { type, name, config, view } }) => {
      const client = newestClient(parts, id);
      const entries = new Map(parts.policies.journal(1_000).map((entry) => [entry.revision, entry]));
      const state = parts.running.client(client);
      const look = lookOf(state);
      const isDiff = view === "diff";
      const resources: z.output<typeof resource>[] = [];
      let differing = 0;
      for (const each of client.resources()) {
        if ((type !== undefined && typeNames[each.type] !== type) || (name !== undefined && each.name !== name))
          continue;
        const running = runningOf(each, look, isDiff);
        if (running?.differs) differing += 1;
        if (isDiff && !isApart(each) && !running?.differs) continue;
        const shape = shapeOf(each, entries, config === "true" ? parts : undefined);
        resources.push({ ...shape, ...(running && { running }) });
      }
      return { nodeId: client.nodeId, running: runningClientOf(state, differing), resources };
    },
  );
}

function runningOf(each: ResourceStatus, look: Look | undefined, withDifferences: boolean) {
  const seen = look?.resources.get(resourceKey(each.type, each.name));
  return look && seen && runningResourceOf(each, seen, look.at, withDifferences);
}

/** It has not said that it has what is wanted. */
function isApart({ status, held, version }: ResourceStatus): boolean {
  return status !== "DOES_NOT_EXIST" && held !== version;
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
