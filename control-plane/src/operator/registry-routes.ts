import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { localityText } from "../model/locality.ts";
import type { EndpointId, ServiceName } from "../model/names.ts";
import { addressText, type Endpoint } from "../model/service.ts";
import { badRequest, refusal } from "./api-error.ts";
import { authorOf } from "./author.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { parseRegistration, registrationBody, registrationKey } from "./parse-registration.ts";
import type { OperatorParts, Registration } from "./parts.ts";
import { time, waitTime } from "./shapes.ts";

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
  usedBy: z
    .array(z.string())
    .meta({ description: "The Service documents that take endpoints from here; without one nobody is sent to it" }),
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
        .map((each) => shapeOf(parts, each)),
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
      const { service, id } = registrationKey(request.params);
      const { endpoint, leaseSeconds } = parseRegistration(request.body, id);
      const refused = parts.guard.refuses(endpoint.address);
      if (refused !== undefined) throw badRequest("the registration", [{ at: "address", says: refused }]);
      // To say again that it is there changes nothing, and comes from each instance every few seconds.
      if (differs(registry.get(service, id), endpoint, leaseSeconds))
        await parts.acts.record(
          { verb: "register", on: pathOf(service, id), details: detailsOf(endpoint, leaseSeconds) },
          authorOf(request, {}),
        );
      const outcome = await registry.put(service, endpoint, leaseSeconds);
      const now = registry.get(service, id);
      if (!now) throw new Error(`registry/${service}/${id} was registered, but is not in the registry's list`);
      return reply.code(outcome === "created" ? 201 : 200).send(shapeOf(parts, now));
    },
  );

  app.post(
    "/v1/registry/services/:service/endpoints/:id([^:]+)::drain",
    {
      bodyLimit,
      schema: {
        summary: "Send an endpoint no new requests, keep it registered, and tell when every client knows",
        description:
          "Answers as soon as every client of this replica has ACKed it, or `wait` is over (at once unless told): ask again until `safeToStop`. A renewal does not end a drain.",
        tags,
        params,
        querystring: z.strictObject({ wait: waitTime.optional() }),
        response: {
          200: z.object({
            drained: z.string(),
            acked: z.number().int(),
            of: z.number().int(),
            safeToStop: z.boolean().meta({ description: "No client sends it a new request any more" }),
          }),
        },
      },
    },
    async (request) => {
      const { service, id } = registrationKey(request.params);
      const known = registry.get(service, id);
      if (!known) throw noSuchEndpoint(service, id);
      // Who waits asks again and again.
      if (known.endpoint.health !== "draining")
        await parts.acts.record({ verb: "drain-endpoint", on: pathOf(service, id) }, authorOf(request, {}));
      const { acked, of } = await drain(parts, { service, id }, request.query.wait ?? 0, closing);
      return { drained: `${service}/${id}`, acked, of, safeToStop: acked === of };
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
      const { service, id } = registrationKey(request.params);
      const { wait = 0 } = request.query;
      if (!registry.get(service, id)) throw noSuchEndpoint(service, id);
      const author = authorOf(request, {});
      const on = pathOf(service, id);
      if (wait > 0) await parts.acts.record({ verb: "drain-endpoint", on }, author);
      const drained = wait > 0 ? await drain(parts, { service, id }, wait, closing) : { acked: 0, of: 0 };
      await parts.acts.record({ verb: "deregister", on }, author);
      await registry.remove(service, id);
      return { removed: `${service}/${id}`, ...drained };
    },
  );
}

function pathOf(service: string, id: string): string {
  return `registry/services/${service}/endpoints/${id}`;
}

/** Health does not count: a registration has none, and what was drained stays so. */
function differs(known: Registration | undefined, { health: _, ...wanted }: Endpoint, leaseSeconds: number): boolean {
  if (!known) return true;
  const { health: _now, ...endpoint } = known.endpoint;
  return !isDeepStrictEqual(endpoint, wanted) || (known.expires === undefined) !== (leaseSeconds === 0);
}

function detailsOf({ address, locality, weight }: Endpoint, leaseSeconds: number): Readonly<Record<string, string>> {
  const place = { address: addressText(address), locality: localityText(locality), weight: String(weight) };
  return { ...place, lease: leaseSeconds === 0 ? "until removed" : `${leaseSeconds}s` };
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
  let isServed = false;
  for await (const { catalog } of worlds.changes(enough)) {
    const known = catalog.values().flatMap(({ endpoints }) => endpoints);
    isServed = !known.some(
      (each) => each.id === id && addressText(each.address) === address && each.health !== "draining",
    );
    if (isServed) break;
  }
  const { acked, of } = await clients.settled(isServed ? Math.max(0, until - performance.now()) : 0, closing);
  // Those who have all that there is have not this yet.
  return { acked: isServed ? acked : 0, of };
}

function noSuchEndpoint(service: string, id: string) {
  const says = `${service} has no registered endpoint "${id}"; GET /v1/registry/services/${service}/endpoints lists them`;
  return refusal(404, "NOT_FOUND", "NO_SUCH_ENDPOINT", says);
}

function shapeOf(
  { policies }: OperatorParts,
  { service, endpoint, expires, registeredAt, renewedAt }: Registration,
): z.output<typeof registration> {
  const documents = [...(policies.books.current()?.services.values() ?? [])];
  const usedBy = documents.filter(({ origins }) =>
    origins.some((origin) => origin.kind === "registry" && origin.service === service),
  );
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
    usedBy: usedBy.map(({ name }) => name),
    ...(expires && { expires: expires.toISOString(), expiresInSeconds: (expires.getTime() - Date.now()) / 1000 }),
  };
}
