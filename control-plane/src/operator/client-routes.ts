import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { problemText } from "../lib/parsed.ts";
import { clientKinds, softwareOf } from "../model/client-software.ts";
import type { Look } from "../running/running.ts";
import type { ClientView, TypeStatus } from "../serve/clients.ts";
import { refusal } from "./api-error.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { pageOf, pageQuery } from "./page-of.ts";
import type { OperatorParts } from "./parts.ts";
import { lookOf, runningClientOf, runningClientShape } from "./running-shape.ts";
import { ageSeconds, secondsSince, time, waitTime } from "./shapes.ts";

const typeStatus = z.object({
  status: z.enum(["SYNCED", "STALE", "NOT_SENT", "ERROR"]),
  since: time,
  ageSeconds,
  acked: z.string().optional(),
  reason: z.string().optional(),
  rejected: z.array(z.string()).optional(),
});

const client = z.object({
  nodeId: z.string(),
  cluster: z.string(),
  kind: z.enum(["envoy", "grpc"]),
  role: z.string(),
  locality: z.string(),
  agent: z.string(),
  software: z.object({ kind: z.enum(clientKinds), version: z.string() }).meta({
    description: "What its user agent says that it is; docs/effective-on.md says what that makes of documents",
  }),
  protocol: z.enum(["sotw", "delta"]),
  peer: z.string(),
  connectedAt: time,
  connectedSeconds: ageSeconds,
  viewer: z.string().meta({ description: "Clients with the same viewer are sent the same" }),
  problems: z
    .array(z.string())
    .optional()
    .meta({ description: "What its node says that makes no sense; it is served without" }),
  cost: z
    .object({
      requests: z.number(),
      responses: z.number(),
      responseBytes: z.number(),
      acks: z.number(),
      nacks: z.number(),
    })
    .meta({ description: "What its streams have cost since they were opened" }),
  running: runningClientShape,
  types: z.object({ CDS: typeStatus, EDS: typeStatus, LDS: typeStatus, RDS: typeStatus }),
});

const settled = z.object({ acked: z.number().int(), of: z.number().int(), tookMs: z.number() });

/** Who is connected, and what each of them holds. */
export function clientRoutes(app: OperatorApp, { parts, closing }: OperatorContext): void {
  app.get(
    "/v1/clients",
    {
      schema: {
        summary: "The status table: every xDS client with its state per type",
        tags: ["clients"],
        querystring: pageQuery,
        response: {
          200: z.object({
            clients: z.array(client),
            nextPageToken: z.string().optional().meta({ description: "Missing on the last page" }),
          }),
        },
      },
    },
    async ({ query }) => {
      const shown = parts.clients.list().map((client) => shapeOf(client, parts));
      if (Object.values(query).every((each) => each === undefined)) return { clients: shown };
      // A client that reconnects may be there twice.
      const keyOf = ({ nodeId, connectedAt, peer }: z.output<typeof client>) => `${nodeId}\n${connectedAt}\n${peer}`;
      const { items, ...next } = pageOf(shown, query, { keyOf, fieldsOf: (each) => each });
      return { clients: [...items], ...next };
    },
  );

  app.get(
    "/v1/clients/:id",
    {
      schema: {
        summary: "One client, by its node id",
        tags: ["clients"],
        params: z.object({ id: z.string() }),
        response: { 200: client },
      },
    },
    async ({ params: { id } }) => shapeOf(newestClient(parts, id), parts),
  );

  app.get(
    "/v1/clients::settled",
    {
      schema: {
        summary: "Waits until every client has ACKed all that it is to hold now",
        tags: ["clients"],
        querystring: z.strictObject({
          within: waitTime.optional().meta({ description: "5s unless told, at most 5m" }),
          revision: z.coerce
            .number()
            .int()
            .min(0)
            .optional()
            .meta({ description: "The revision that they are to hold; the newest unless told" }),
        }),
        response: { 200: settled },
      },
    },
    async ({ query: { within = 5_000, revision = parts.policies.books.current()?.revision ?? 0 } }) => {
      const started = performance.now();
      const enough = AbortSignal.any([closing, AbortSignal.timeout(within)]);
      for await (const world of parts.worlds.changes(enough)) if (world.revision >= revision) break;
      const rest = Math.max(0, within - (performance.now() - started));
      const { acked, of } = await parts.clients.settled(rest, closing);
      return { acked, of, tookMs: Math.round(performance.now() - started) };
    },
  );
}

/** The client of this node id; a 404 where there is none. */
export function newestClient(parts: OperatorParts, id: string): ClientView {
  const all = parts.clients.list();
  // A client that reconnects may be there twice until its old connection is found dead: the newest one counts.
  const found = all.filter(({ nodeId }) => nodeId === id).sort((a, b) => +b.connectedAt - +a.connectedAt)[0];
  if (found) return found;
  const hint = didYouMean(
    id,
    all.map(({ nodeId }) => nodeId),
  );
  throw refusal(404, "NOT_FOUND", "NO_SUCH_CLIENT", `no client "${id}" is connected${hint || "."}`);
}

function shapeOf(view: ClientView, { running }: OperatorParts): z.output<typeof client> {
  const { types, connectedAt, problems, resources: _resources, ...rest } = view;
  const state = running.client(view);
  return {
    ...rest,
    software: softwareShape(rest.agent),
    connectedAt: connectedAt.toISOString(),
    connectedSeconds: secondsSince(connectedAt),
    ...(problems && { problems: problems.map(problemText) }),
    running: runningClientOf(state, differingOf(view, lookOf(state))),
    types: {
      CDS: statusOf(types.cluster),
      EDS: statusOf(types.endpoints),
      LDS: statusOf(types.listener),
      RDS: statusOf(types.routes),
    },
  };
}

/** How many resources it runs otherwise than wanted, as far as they were wanted when it was asked. */
function differingOf(view: ClientView, look: Look | undefined): number | undefined {
  if (look === undefined) return undefined;
  const still = look.differing.filter(
    ({ type, name, comparedWith }) => view.resource(type, name)?.version === comparedWith,
  );
  return still.length;
}

function softwareShape(agent: string): z.output<typeof client>["software"] {
  const { kind, version } = softwareOf(agent);
  return { kind, version };
}

function statusOf({ status, since, acked, reason, rejected }: TypeStatus): z.output<typeof typeStatus> {
  return {
    status,
    since: since.toISOString(),
    ageSeconds: secondsSince(since),
    ...(acked !== undefined && { acked }),
    ...(reason !== undefined && { reason }),
    ...(rejected && { rejected: [...rejected] }),
  };
}
