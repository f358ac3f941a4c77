import { z } from "zod";
import type { Problem } from "../lib/parsed.ts";
import { parseEndpointEntry } from "../model/endpoint-entry.ts";
import {
  type EndpointId,
  nameRule,
  parseEndpointId,
  parseServiceName,
  parseSourceName,
  type ServiceName,
} from "../model/names.ts";
import type { Endpoint } from "../model/service.ts";
import { badRequest } from "./api-error.ts";

// A day: who does not renew for longer is not leasing, but there until deleted.
const maxLeaseSeconds = 86_400;

/** For the OpenAPI document; `parseRegistration` says more about what is wrong. */
export const registrationBody = z.object({
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

/** What the URL of a registered endpoint names; throws 400 when that can be no endpoint. */
export function registrationKey({ service, id }: { readonly service: string; readonly id: string }): {
  readonly service: ServiceName;
  readonly id: EndpointId;
} {
  const problems: Problem[] = [];
  const serviceName = parseServiceName(service);
  const endpointId = parseEndpointId(id);
  if (!serviceName)
    problems.push({ at: "service", says: `${JSON.stringify(service)} is not a service name: ${nameRule}` });
  if (!endpointId) problems.push({ at: "id", says: `${JSON.stringify(id)} is not an id: 1 to 200 visible characters` });
  if (!serviceName || !endpointId) throw badRequest("the URL", problems);
  return { service: serviceName, id: endpointId };
}

/** The body of a registration; throws 400 with everything that is wrong. */
export function parseRegistration(
  body: unknown,
  id: EndpointId,
): { readonly endpoint: Endpoint; readonly leaseSeconds: number } {
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
