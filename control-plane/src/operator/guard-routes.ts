import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { localityText } from "../model/locality.ts";
import { addressText } from "../model/service.ts";
import { refusal } from "./api-error.ts";
import { authorOf } from "./author.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { GuardRow, HeldEndpoint, OperatorParts } from "./parts.ts";
import { time } from "./shapes.ts";

const held = z.object({
  service: z.string(),
  source: z.string(),
  change: z.enum(["gone", "new"]).meta({
    description:
      "`gone`: its source no longer names it, and it stays. `new`: its source names it, and it is not served yet",
  }),
  address: z.string(),
  id: z.string(),
  locality: z.string(),
  why: z.enum(["last", "most", "data-center", "most-of-data-center", "growth"]),
  since: time,
  heldSeconds: z.number().min(0),
  believedInSeconds: z
    .number()
    .min(0)
    .optional()
    .meta({ description: "Absent: not by time, as its source is stale or lost its data; see `state` of its feed" }),
});

const feed = z.object({
  service: z.string(),
  source: z.string(),
  state: z.enum(["fresh", "stale", "suspect", "waiting"]).meta({
    description:
      "Is all of it believed; is it away; is something held back, or were its data lost; or has it not spoken yet",
  }),
  rewound: z.boolean().meta({ description: "The source's data were lost or restored" }),
  says: z.number().int().meta({ description: "Endpoints that the source names" }),
  endpoints: z.number().int().meta({ description: "Endpoints that are believed" }),
  flapping: z.array(z.string()).meta({ description: "Addresses whose changes are put off" }),
});

const refused = z.object({ service: z.string(), source: z.string(), address: z.string(), says: z.string() });
const listing = z.object({ held: z.array(held), feeds: z.array(feed), refused: z.array(refused) });
const tags = ["sources"];

/** What is held back of what the sources say, and its confirmation. */
export function guardRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/guard",
    {
      schema: {
        summary: "What is held back of what the sources say, and for how long",
        tags,
        response: { 200: listing },
      },
    },
    async () => {
      const rows = parts.guard.rows();
      return {
        held: rows.flatMap((row) => row.held.map((each) => heldShape(row, each))),
        feeds: rows.map(({ service, source, trust, rewound, said, believed, flapping }) => {
          return { service, source, state: trust, rewound, says: said, endpoints: believed, flapping: [...flapping] };
        }),
        refused: parts.guard
          .refused()
          .map(({ service, source, address, says }) => ({ service, source, address, says })),
      };
    },
  );

  app.post(
    "/v1/guard/:service([A-Za-z0-9._-]+)::release",
    {
      schema: {
        summary: "Believe now what is held back of a service",
        tags,
        params: z.object({ service: z.string() }),
        querystring: z.strictObject({
          reason: z.string().max(1_000).optional().meta({ description: "Why, for the log; also as X-Weir-Reason" }),
        }),
        response: {
          200: z.object({
            service: z.string(),
            released: z.array(held),
            othersTold: z
              .boolean()
              .optional()
              .meta({ description: "Whether the other replicas were told; absent where there are none" }),
          }),
        },
      },
    },
    async (request) => {
      const author = authorOf(request, request.query);
      const name = request.params.service;
      const service = guardedService(parts, name);
      await parts.acts.record({ verb: "release-guard", on: `guard/${service}` }, author);
      const { rows, ...others } = await parts.guard.confirm(service, author);
      return { service, ...others, released: rows.flatMap((row) => row.held.map((each) => heldShape(row, each))) };
    },
  );
}

function guardedService({ guard, policies }: OperatorParts, name: string): GuardRow["service"] {
  const known = [...(policies.books.current()?.services.keys() ?? [])];
  const found = known.find((each) => each === name) ?? guard.rows().find(({ service }) => service === name)?.service;
  if (found !== undefined) return found;
  throw refusal(404, "NOT_FOUND", "NO_SUCH_SERVICE", `there is no service "${name}"${didYouMean(name, known) || "."}`);
}

function heldShape(
  { service, source }: GuardRow,
  { endpoint, change, why, heldMs, believedInMs }: HeldEndpoint,
): z.output<typeof held> {
  return {
    service,
    source,
    change,
    address: addressText(endpoint.address),
    id: endpoint.id,
    locality: localityText(endpoint.locality),
    why,
    since: new Date(Date.now() - heldMs).toISOString(),
    heldSeconds: heldMs / 1000,
    ...(believedInMs !== undefined && { believedInSeconds: believedInMs / 1000 }),
  };
}
