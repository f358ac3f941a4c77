import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import type { Problem } from "../lib/parsed.ts";
import { localityText, parseLocality, unknownLocality } from "../model/locality.ts";
import { addressText } from "../model/service.ts";
import { badRequest } from "./api-error.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { ResourceNames } from "./parts.ts";
import { serviceNamed } from "./service-named.ts";

const names = {
  listeners: z.array(z.string()),
  routes: z.array(z.string()),
  clusters: z.array(z.string()),
  endpoints: z.array(z.string()),
};

const resourceNames = z.object({
  service: z.string(),
  ...names,
  clients: z.object({ "envoy-edge": z.object(names), "envoy-sidecar": z.object(names), grpc: z.object(names) }).meta({
    description: "What each kind of client asks for; nothing, where it cannot call a service of this protocol",
  }),
});

const placement = z.object({
  priority: z.number().int(),
  locality: z.string(),
  weight: z.number().meta({ description: "Relative to the other localities of this priority" }),
  sharePercent: z.number().meta({ description: "Of the traffic of this priority while all are healthy" }),
  nowPercent: z
    .number()
    .optional()
    .meta({ description: "Of all traffic, as sources tell of health now; missing when they call nothing healthy" }),
  heldAtPercent: z
    .number()
    .optional()
    .meta({ description: "It came back, and is used as if so many percent of it were healthy" }),
  ceilingRps: z
    .number()
    .optional()
    .meta({ description: "Requests a second that its region bears, where that is known" }),
  endpoints: z.array(
    z.object({
      id: z.string(),
      address: z.string(),
      weight: z.number().int(),
      health: z.enum(["serving", "degraded", "draining", "failing"]),
      source: z.string(),
      metadata: z.record(z.string(), z.string()),
    }),
  ),
});

const nameParam = z.object({ name: z.string() });

/** A service as its callers see it: the endpoints they are sent, and the names of its resources. */
export function serviceRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/services/:name/endpoints",
    {
      schema: {
        summary: "The endpoints of a service as a client at a place sees them, nearest priority first",
        tags: ["services"],
        params: nameParam,
        querystring: z.strictObject({
          from: z.string().optional().meta({ description: "The client's locality, like dc-a/z1" }),
          client: z.enum(["envoy", "grpc"]).optional().meta({ description: "envoy unless told" }),
          subset: z.string().optional().meta({ description: "One of its subsets; the whole service unless told" }),
        }),
        response: {
          200: z.object({ service: z.string(), from: z.string(), client: z.string(), placements: z.array(placement) }),
        },
      },
    },
    async ({ params: { name }, query: { from, client = "envoy", subset } }) => {
      const service = serviceNamed(parts, name);
      const locality = from === undefined ? { ok: true as const, value: unknownLocality } : parseLocality(from);
      if (!locality.ok) throw badRequest("the request's query", at("from", locality.problems));
      const subsets = service.spec.subsets.map((each) => each.name);
      if (subset !== undefined && !subsets.includes(subset))
        throw badRequest("the request's query", [{ at: "subset", says: noSubset(name, subset, subsets) }]);
      const placements = parts.placements(service, locality.value, client, subset);
      const totals = new Map<number, number>();
      for (const { priority, weight } of placements) totals.set(priority, (totals.get(priority) ?? 0) + weight);
      return {
        service: service.spec.name,
        from: localityText(locality.value),
        client,
        placements: placements.map(
          ({ priority, locality: there, weight, endpoints, nowPercent, heldAtPercent, ceilingRps }) => ({
            priority,
            locality: localityText(there),
            weight,
            sharePercent: (100 * weight) / Math.max(1, totals.get(priority) ?? 0),
            ...(nowPercent !== undefined && { nowPercent }),
            ...(heldAtPercent !== undefined && { heldAtPercent }),
            ...(ceilingRps !== undefined && { ceilingRps }),
            endpoints: endpoints.map(({ id, address, weight, health, source, metadata }) => ({
              id,
              address: addressText(address),
              weight,
              health,
              source,
              metadata: { ...metadata },
            })),
          }),
        ),
      };
    },
  );

  app.get(
    "/v1/services/:name/resources",
    {
      schema: {
        summary: "The names under which xDS clients ask for a service",
        tags: ["services"],
        params: nameParam,
        response: { 200: resourceNames },
      },
    },
    async ({ params: { name } }) => {
      const { spec } = serviceNamed(parts, name);
      const clients = parts.resourceNames(spec);
      const all = Object.values(clients);
      return {
        service: spec.name,
        listeners: distinct(all.flatMap(({ listeners }) => listeners)),
        routes: distinct(all.flatMap(({ routes }) => routes)),
        clusters: distinct(all.flatMap(({ clusters }) => clusters)),
        endpoints: distinct(all.flatMap(({ endpoints }) => endpoints)),
        clients: {
          "envoy-edge": copyOf(clients["envoy-edge"]),
          "envoy-sidecar": copyOf(clients["envoy-sidecar"]),
          grpc: copyOf(clients.grpc),
        },
      };
    },
  );
}

function noSubset(service: string, subset: string, known: readonly string[]): string {
  const others = ` (it has ${known.join(", ") || "none"})`;
  return `Service "${service}" has no subset "${subset}"${didYouMean(subset, known) || others}`;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function copyOf({ listeners, routes, clusters, endpoints }: ResourceNames) {
  return { listeners: [...listeners], routes: [...routes], clusters: [...clusters], endpoints: [...endpoints] };
}

function at(field: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ says }) => ({ at: field, says }));
}
