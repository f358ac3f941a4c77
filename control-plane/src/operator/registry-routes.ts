import { z } from "zod";
import type { Problem } from "../lib/parsed.ts";
import { parseEndpointEntry } from "../model/endpoint-entry.ts";
import { localityText } from "../model/locality.ts";
import {
  type EndpointId,
  nameRule,
  parseEndpointId,
  parseServiceName,
  parseSourceName,
  type ServiceName,
} from "../model/names.ts";
import { addressText } from "../model/service.ts";
import { badRequest, refusal } from "./api-error.ts";
import type { OperatorApp, OperatorContext } from "./operator-app.ts";
import type { OperatorParts, Registration } from "./parts.ts";
import { time, waitTime } from "./shapes.ts";

// A day: who does not renew for longer is not leasing, but there until deleted.
const maxLeaseSeconds = 86_400;

const registration = z.object({
  service: z.string(),
  id: z.string(),
  address: z.string(),
  locality: z.string(),
  weight: z.number().int(),
  metadata: z.record(z.string(), z.string()),
  health: z.enum(["serving", "degraded", "draining", "failing"]),
  registeredAt: time,
  renewedAt: time,
  expires: time.optional().meta({ description: "When it goes unless renewed; absent: it stays until deleted" }),
  expiresInSeconds: z.number().optional(),
});

const registrationBody = z.object({
  address: z.string().meta({ description: "IP address and port", examples: ["10.1.0.11:9090"] }),
  locality: z
    .string()
    .optional()
    .meta({ examples: ["dc-a/z1"] }),
  weight: z.number().int().min(1).max(10_000).optional().meta({ description: "100 unless told" }),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .meta({ examples: [{ version: "v1" }] }),
  leaseSeconds: z
    .number()
    .min(0)
    .max(maxLeaseSeconds)
    .optional()
    .meta({ description: "Goes after that time unless renewed; 0, which is the default, stays until deleted" }),
});

const params = z.object({ service: z.string(), id: z.string() });
const tags = ["registry"];
// A registration is small; this bounds what a broken instance can make us parse.
const bodyLimit = 64 * 1024;

/** Instances that say themselves that they are there. */
export function registryRoutes(app: OperatorApp, { parts, closing }: OperatorContext): void {
  const { registry } = parts;

  app.get(
    "/v1/registry/services",
    {
      schema: {
        summary: "The services that have registered endpoints",
        tags,
        response: {
          200: z.object({ services: z.array(z.object({ service: z.string(), endpoints: z.number().int() })) }),
        },
      },
    },
    async () => {
      const counts = new Map<string, number>();
      for (const { service } of registry.list()) counts.set(service, (counts.get(service) ?? 0) + 1);
      return { services: [...counts].map(([service, endpoints]) => ({ service, endpoints })) };
    },
  );

  app.get(
    "/v1/registry/services/:service/endpoints",
    {
      schema: {
        summary: "The registered endpoints of a service",
        tags,
        params: z.object({ service: z.string() }),
        response: { 200: z.object({ endpoints: z.array(registration) }) },
      },
    },
    async ({ params: { service } }) => ({
      endpoints: registry
        .list()
        .filter((each) => each.service === service)
        .map(shapeOf),
    }),
  );

  app.put(
    "/v1/registry/services/:service/endpoints/:id",
    {
      bodyLimit,
      schema: {
        summary: "Register an endpoint, or renew its lease",
        tags,
        params,
        body: registrationBody,
        querystring: z.strictObject({}),
        response: { 200: registration, 201: registration },
      },
    },
    async (request, reply) => {
      const { service, id } = keyOf(request.params);
      const { endpoint, leaseSeconds } = parseRegistration(request.body, id);
      const outcome = await registry.put(service, endpoint, leaseSeconds);
      const now = registry.get(service, id);
      if (!now) throw new Error(`registry/${service}/${id} was registered, but is not in the registry's list`);
      return reply.code(outcome === "created" ? 201 : 200).send(shapeOf(now));
    },
  );

  app.delete(
    "/v1/registry/services/:service/endpoints/:id",
    {
      bodyLimit,
      schema: {
        summary: "Remove an endpoint; with wait, only once no client sends it new requests",
        description:
          "With `wait` it is first marked as draining; it is removed as soon as every client has ACKed that, or when the time is over.",
        tags,
        params,
        querystring: z.strictObject({ wait: waitTime.optional() }),
        response: { 200: z.object({ removed: z.string(), acked: z.number().int(), of: z.number().int() }) },
      },
    },
    async (request) => {
      const { service, id } = keyOf(request.params);
      const { wait = 0 } = request.query;
      if (!registry.get(service, id)) throw noSuchEndpoint(service, id);
      const drained = wait > 0 ? await drain(parts, { service, id }, wait, closing) : { acked: 0, of: 0 };
      await registry.remove(service, id);
      return { removed: `${service}/${id}`, ...drained };
    },
  );
}

/** Marks it as draining, and waits until that is in the world being served and every client has ACKed it. */
async function drain(
  { registry, worlds, clients }: OperatorParts,
  { service, id }: { readonly service: ServiceName; readonly id: EndpointId },
  withinMs: number,
  closing: AbortSignal,
): Promise<{ readonly acked: number; readonly of: number }> {
  const until = performance.now() + withinMs;
  const registered = registry.get(service, id);
  if (!registered || !(await registry.drain(service, id))) throw noSuchEndpoint(service, id);
  const address = addressText(registered.endpoint.address);
  const enough = AbortSignal.any([closing, AbortSignal.timeout(withinMs)]);
  for await (const { catalog } of worlds.changes(enough)) {
    const known = catalog.values().flatMap(({ endpoints }) => endpoints);
    if (!known.some((each) => each.id === id && addressText(each.address) === address && each.health !== "draining"))
      break;
  }
  return clients.settled(Math.max(0, until - performance.now()), closing);
}

function noSuchEndpoint(service: string, id: string) {
  const says = `${service} has no registered endpoint "${id}"; GET /v1/registry/services/${service}/endpoints lists them`;
  return refusal(404, "NOT_FOUND", "NO_SUCH_ENDPOINT", says);
}

function keyOf({ service, id }: z.output<typeof params>): { readonly service: ServiceName; readonly id: EndpointId } {
  const problems: Problem[] = [];
  const serviceName = parseServiceName(service);
  const endpointId = parseEndpointId(id);
  if (!serviceName)
    problems.push({ at: "service", says: `${JSON.stringify(service)} is not a service name: ${nameRule}` });
  if (!endpointId) problems.push({ at: "id", says: `${JSON.stringify(id)} is not an id: 1 to 200 visible characters` });
  if (!serviceName || !endpointId) throw badRequest("the URL", problems);
  return { service: serviceName, id: endpointId };
}

function parseRegistration(body: unknown, id: EndpointId) {
  const source = parseSourceName("registry");
  if (typeof body !== "object" || body === null || Array.isArray(body) || !source)
    throw badRequest("the registration", [{ at: "", says: 'expected an object like {"address": "10.1.0.11:9090"}' }]);
  const { leaseSeconds = 0, ...rest } = body as { leaseSeconds?: unknown } & Record<string, unknown>;
  const problems: Problem[] = [];
  for (const name of ["id", "health"]) {
    if (name in rest)
      problems.push({ at: name, says: "is not taken here: the id stands in the URL, and DELETE drains" });
  }
  const lease =
    typeof leaseSeconds === "number" && leaseSeconds >= 0 && leaseSeconds <= maxLeaseSeconds ? leaseSeconds : undefined;
  if (lease === undefined)
    problems.push({
      at: "leaseSeconds",
      says: `expected seconds from 0 (until deleted) to ${maxLeaseSeconds}, got ${JSON.stringify(leaseSeconds)}`,
    });
  const endpoint = parseEndpointEntry({ ...rest, id, health: "serving" }, "", source);
  if (!endpoint.ok) problems.push(...endpoint.problems);
  if (!endpoint.ok || lease === undefined || problems.length > 0) throw badRequest("the registration", problems);
  return { endpoint: endpoint.value, leaseSeconds: lease };
}

function shapeOf({ service, endpoint, expires, registeredAt, renewedAt }: Registration): z.output<typeof registration> {
  return {
    service,
    id: endpoint.id,
    address: addressText(endpoint.address),
    locality: localityText(endpoint.locality),
    weight: endpoint.weight,
    metadata: { ...endpoint.metadata },
    health: endpoint.health,
    registeredAt: registeredAt.toISOString(),
    renewedAt: renewedAt.toISOString(),
    ...(expires && { expires: expires.toISOString(), expiresInSeconds: (expires.getTime() - Date.now()) / 1000 }),
  };
}
