import { z } from "zod";
import type { Problem } from "../lib/parsed.ts";
import { localityText, parseLocality, patternText, unknownLocality } from "../model/locality.ts";
import { nameRule, parseServiceName } from "../model/names.ts";
import { addressText, type Service } from "../model/service.ts";
import { didYouMean } from "../policy/documents/did-you-mean.ts";
import { badRequest, refusal } from "./api-error.ts";
import type { OperatorApp, OperatorContext } from "./operator-app.ts";
import type { OperatorParts, ResourceNames } from "./parts.ts";
import { time } from "./shapes.ts";
import { trafficRows } from "./traffic-rows.ts";

const row = z.object({
  service: z.string(),
  from: z.string(),
  to: z.string(),
  use: z.enum(["share", "nearest", "standby"]),
  priority: z.number().int(),
  weightPercent: z.number().optional(),
  endpoints: z.object({ serving: z.number().int(), total: z.number().int() }),
});

const override = z.object({
  service: z.string(),
  locality: z.string(),
  weight: z.number().meta({ description: "Percent of the weight it would otherwise have" }),
  reason: z.string(),
  by: z.string(),
  expireTime: time,
  expiresInSeconds: z.number(),
});

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

/** Where traffic is to go: as the operator wrote it, as one caller sees it, and under which resource names. */
export function trafficRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/traffic",
    {
      schema: {
        summary: "What is configured: weights, standbys and overrides, rule by rule",
        tags: ["traffic"],
        querystring: z.strictObject({ service: z.string().optional() }),
        response: { 200: z.object({ revision: z.number().int(), rows: z.array(row), overrides: z.array(override) }) },
      },
    },
    async ({ query }) => {
      const world = parts.worlds.current();
      const services =
        query.service === undefined ? [...(world?.catalog.values() ?? [])] : [serviceNamed(parts, query.service)];
      return {
        revision: world?.revision ?? 0,
        rows: services.flatMap(({ spec, endpoints }) =>
          trafficRows(world?.splits.get(spec.name), endpoints).map(({ serving, total, weightPercent, ...rest }) => ({
            service: spec.name,
            ...rest,
            ...(weightPercent !== undefined && { weightPercent }),
            endpoints: { serving, total },
          })),
        ),
        overrides: services.flatMap(({ spec: { name } }) =>
          (world?.splits.get(name)?.overrides ?? []).map(({ locality, expireTime, ...rest }) => ({
            service: name,
            locality: patternText(locality),
            ...rest,
            expireTime: expireTime.toISOString(),
            expiresInSeconds: (expireTime.getTime() - Date.now()) / 1000,
          })),
        ),
      };
    },
  );

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
        }),
        response: {
          200: z.object({ service: z.string(), from: z.string(), client: z.string(), placements: z.array(placement) }),
        },
      },
    },
    async ({ params: { name }, query: { from, client = "envoy" } }) => {
      const service = serviceNamed(parts, name);
      const locality = from === undefined ? { ok: true as const, value: unknownLocality } : parseLocality(from);
      if (!locality.ok) throw badRequest("the request's query", at("from", locality.problems));
      const placements = parts.placements(service, locality.value, client);
      const totals = new Map<number, number>();
      for (const { priority, weight } of placements) totals.set(priority, (totals.get(priority) ?? 0) + weight);
      return {
        service: service.spec.name,
        from: localityText(locality.value),
        client,
        placements: placements.map(({ priority, locality: there, weight, endpoints }) => ({
          priority,
          locality: localityText(there),
          weight,
          sharePercent: (100 * weight) / Math.max(1, totals.get(priority) ?? 0),
          endpoints: endpoints.map(({ id, address, weight, health, source, metadata }) => ({
            id,
            address: addressText(address),
            weight,
            health,
            source,
            metadata: { ...metadata },
          })),
        })),
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

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function copyOf({ listeners, routes, clusters, endpoints }: ResourceNames) {
  return { listeners: [...listeners], routes: [...routes], clusters: [...clusters], endpoints: [...endpoints] };
}

function serviceNamed({ worlds }: OperatorParts, name: string): Service {
  const parsedName = parseServiceName(name);
  if (!parsedName)
    throw badRequest("the service's name", [{ at: "", says: `${JSON.stringify(name)}: expected ${nameRule}` }]);
  const catalog = worlds.current()?.catalog;
  const found = catalog?.get(parsedName);
  if (found) return found;
  const hint = didYouMean(name, catalog?.keys() ?? []);
  throw refusal(404, "NOT_FOUND", "NO_SUCH_SERVICE", `there is no service "${name}"${hint || "."}`);
}

function at(field: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ says }) => ({ at: field, says }));
}
