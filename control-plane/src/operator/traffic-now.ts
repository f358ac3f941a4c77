import { z } from "zod";
import { localityText, patternText } from "../model/locality.ts";
import type { Service } from "../model/service.ts";
import type { ClientView } from "../serve/clients.ts";
import type { ObservedEndpoint, ObservedLoads } from "../serve/loads/observed-loads.ts";
import { driftsOf } from "./drift.ts";
import { type Observed, type ObservedRow, observedTraffic, percentOf, rounded } from "./observed-traffic.ts";
import type { OperatorParts } from "./parts.ts";
import { time } from "./shapes.ts";
import { trafficPlaces } from "./traffic-places.ts";

const observed = z.object({
  percent: z.number().optional().meta({ description: "Of what callers under the same rule sent" }),
  requests: z.number().meta({ description: "Begun within the window" }),
  rps: z.number(),
  errorPercent: z.number().optional().meta({ description: "Of the requests that ended" }),
  inProgress: z.number(),
});

const row = z.object({
  service: z.string(),
  from: z.string(),
  to: z.string(),
  use: z.enum(["share", "nearest", "standby", "unplanned"]).meta({
    description: "unplanned: these callers go there though no rule says so",
  }),
  priority: z.number().int(),
  weightPercent: z.number().optional(),
  endpoints: z.object({ serving: z.number().int(), total: z.number().int() }),
  observed: observed.optional().meta({ description: "Missing while no client reports its loads" }),
  driftPoints: z.number().optional().meta({
    description:
      "Observed less configured with overrides, in percent points; only when more than 10 apart, at more than 1 request/s",
  }),
  regions: z
    .array(z.object({ region: z.string(), observed }))
    .optional()
    .meta({ description: "Of `nearest`: the regions that it came to" }),
});

const endpoint = z.object({
  service: z.string(),
  address: z.string(),
  locality: z.string(),
  rps: z.number(),
  errorPercent: z.number().optional(),
  inProgress: z.number(),
});

const place = z.object({
  service: z.string(),
  region: z.string(),
  serving: z.number().int(),
  draining: z.number().int(),
  total: z.number().int(),
  capacityRps: z.number().optional().meta({ description: "What those that serve can bear, where the Service says it" }),
});

const dropped = z.object({ service: z.string(), from: z.string(), requests: z.number() });

const reports = z
  .object({
    clients: z.number().int().meta({ description: "Clients that report their loads" }),
    of: z.number().int().meta({ description: "Connected clients" }),
    windowSeconds: z.number(),
    lagSeconds: z.number().meta({ description: "How long ago the window ended: by now every client has reported it" }),
  })
  .meta({ description: "What the observed numbers rest on" });

const override = z.object({
  service: z.string(),
  locality: z.string(),
  weight: z.number().meta({ description: "Percent of the weight it would otherwise have" }),
  reason: z.string(),
  by: z.string(),
  expireTime: time,
  expiresInSeconds: z.number(),
  isolates: z.boolean().optional().meta({
    description: "Only for callers inside as to what is outside, and the other way round",
  }),
  drain: z.string().optional().meta({ description: "The Drain that it comes from" }),
});

const held = z.object({
  service: z.string(),
  locality: z.string(),
  percent: z.number().meta({ description: "Of its endpoints: as much of it is used" }),
  clients: z.enum(["all", "grpc"]).meta({ description: "grpc: Envoys use all of it" }),
});

/** What `GET /v1/traffic` answers. */
export const trafficShape = z.object({
  revision: z.number().int(),
  rows: z.array(row),
  places: z.array(place).meta({ description: "What stands in each region, also where no rule sends anybody" }),
  overrides: z.array(override),
  held: z.array(held).meta({ description: "What came back and is not yet used in full" }),
  endpoints: z.array(endpoint).optional().meta({ description: "As Envoys report them; only with ?service=" }),
  dropped: z.array(dropped).meta({ description: "Requests that were not even sent: drop policies, circuit breakers" }),
  reports,
});

/** Where traffic goes now, of these services or of all. */
export function trafficNow(
  { loads, clients, worlds }: Pick<OperatorParts, "loads" | "clients" | "worlds">,
  only?: Service,
): z.output<typeof trafficShape> {
  const world = worlds.current();
  const services = only ? [only] : [...(world?.catalog.values() ?? [])];
  const asked = only?.spec.name;
  const reports = reportsOf(loads, clients.list());
  const isObserved = reports.clients > 0;
  const byService = Map.groupBy(loads.observed(asked), ({ service }) => service);
  return {
    revision: world?.revision ?? 0,
    rows: services.flatMap((service) => {
      const { name } = service.spec;
      const split = world?.splits.get(name);
      const rows = observedTraffic(split, service, byService.get(name) ?? [], loads.windowMs);
      const driftOf = driftsOf(split, rows);
      return rows.map((row) => ({ service: name, ...rowOf(row, isObserved, driftOf(row)) }));
    }),
    places: services.flatMap((service) =>
      trafficPlaces(service).map(({ capacityRps, ...rest }) => ({
        service: service.spec.name,
        ...rest,
        ...(capacityRps !== undefined && { capacityRps }),
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
    held: services.flatMap(({ spec: { name } }) =>
      [...(world?.held.get(name) ?? [])].map(([key, { percent, onEnvoy }]) => ({
        ...{ service: name, locality: key.replace(/\/+$/, ""), percent },
        clients: onEnvoy ? ("all" as const) : ("grpc" as const),
      })),
    ),
    ...(asked !== undefined && { endpoints: loads.endpoints(asked).map(endpointOf(loads)) }),
    dropped: loads
      .drops(asked)
      .map(({ service, from, dropped }) => ({ service, from: localityText(from), requests: dropped })),
    reports,
  };
}

function rowOf(
  { serving, total, weightPercent, observed, regions, ...rest }: ObservedRow,
  isObserved: boolean,
  driftPoints: number | undefined,
): Omit<z.output<typeof row>, "service"> {
  return {
    ...rest,
    ...(weightPercent !== undefined && { weightPercent }),
    endpoints: { serving, total },
    ...(isObserved && { observed: defined(observed) }),
    ...(isObserved && driftPoints !== undefined && { driftPoints }),
    ...(regions.length > 0 && {
      regions: regions.map(({ region, observed }) => ({ region, observed: defined(observed) })),
    }),
  };
}

function defined({ percent, errorPercent, ...rest }: Observed): z.output<typeof observed> {
  return { ...rest, ...(percent !== undefined && { percent }), ...(errorPercent !== undefined && { errorPercent }) };
}

function endpointOf({ windowMs }: ObservedLoads): (seen: ObservedEndpoint) => z.output<typeof endpoint> {
  return ({ service, address, to, requests, ok, error, inProgress }) => {
    const errorPercent = percentOf(error, ok + error);
    return {
      ...{ service, address, locality: localityText(to), rps: rounded(requests / (windowMs / 1000)), inProgress },
      ...(errorPercent !== undefined && { errorPercent }),
    };
  };
}

/** A client reports when it did so within the last three intervals. */
function reportsOf(loads: ObservedLoads, connected: readonly ClientView[]): z.output<typeof reports> {
  const recent = loads.clients().filter(({ ageMs = Number.POSITIVE_INFINITY }) => ageMs <= 3 * loads.lagMs());
  const reporting = new Set(recent.map(({ nodeId }) => nodeId));
  return {
    clients: reporting.size,
    of: new Set([...reporting, ...connected.map(({ nodeId }) => nodeId)]).size,
    windowSeconds: loads.windowMs / 1000,
    lagSeconds: loads.lagMs() / 1000,
  };
}
