import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Parsed } from "../../lib/parsed.ts";
import {
  defaultWeight,
  maxWeight,
  parseAddress,
  parseEndpointEntry,
  parseMetadata,
} from "../../model/endpoint-entry.ts";
import { parseEndpointId, parseSourceName, type SourceName } from "../../model/names.ts";
import { addressText, type Endpoint } from "../../model/service.ts";
import { localityField } from "./document-fields.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type Json } from "./plain-json.ts";

// The schema says what an entry may hold, for editors and for messages with positions; what each field means is decided by
// model/endpoint-entry.ts, the same for endpoint files and for registrations.

const address = checked(z.string(), (text) => parseAddress(isPortless(text) ? `${text}:1` : text))
  .meta({ examples: ["10.1.0.11:9090"] })
  .describe("IP address and port, 10.1.0.11:9090 or [2001:db8::1]:9090; without a port where spec.port gives one.");

export const staticEndpoint = z
  .strictObject({
    address,
    locality: localityField
      .optional()
      .describe("Where it runs: region, region/zone or region/zone/subZone. Default: unknown."),
    weight: z
      .int()
      .min(1)
      .max(maxWeight)
      .default(defaultWeight)
      .describe(`Its share of its locality's traffic, relative to its neighbours. Default: ${defaultWeight}.`),
    metadata: checked(z.record(z.string(), z.string()), parseMetadata)
      .default({})
      .describe("What is known of it, such as {version: v1}. Default: nothing."),
    health: z
      .enum(["serving", "degraded", "draining", "failing"])
      .default("serving")
      .describe("What is known of its health. Default: serving."),
    id: z
      .string()
      .refine((id) => parseEndpointId(id) !== undefined, "expected 1 to 200 visible characters without spaces")
      .optional()
      .describe("Its name among the service's endpoints. Default: its address."),
  })
  .describe("One endpoint.");

/** `10.1.0.11` and `[::1]`: an address that leaves its port to `spec.port`. */
function isPortless(address: unknown): address is string {
  return typeof address === "string" && !parseAddress(address).ok && parseAddress(`${address}:1`).ok;
}

const source = parseSourceName("static") as SourceName;

/** The endpoint that an entry stands for; `port` fills in for an address without one. */
export function parseStaticEndpoint(entry: unknown, port: number | undefined): Parsed<Endpoint> {
  if (port === undefined || !isJsonObject(entry) || !isPortless(entry["address"]))
    return parseEndpointEntry(entry, "", source);
  return parseEndpointEntry({ ...entry, address: `${entry["address"]}:${port}` }, "", source);
}

/** What is wrong among a service's static endpoints taken together; entries that are wrong in themselves are left out. */
export function staticConflicts(
  entries: readonly { readonly entry: Json; readonly path: Path }[],
  port: number | undefined,
): { readonly path: Path; readonly says: string }[] {
  const byAddress = new Map<string, Endpoint>();
  const byId = new Map<string, Endpoint>();
  return entries.flatMap(({ entry, path }) => {
    const text = isJsonObject(entry) ? entry["address"] : undefined;
    if (port === undefined && isPortless(text))
      return [{ path: [...path, "address"], says: `${text} gives no port, and spec.port is not set` }];
    const endpoint = parseStaticEndpoint(entry, port);
    if (!endpoint.ok) return [];
    const address = addressText(endpoint.value.address);
    const same = byAddress.get(address);
    byAddress.set(address, endpoint.value);
    if (same && isDeepStrictEqual(same, endpoint.value)) return [];
    if (same) return [{ path: [...path, "address"], says: `${address} is listed twice, with different data` }];
    const other = byId.get(endpoint.value.id);
    byId.set(endpoint.value.id, endpoint.value);
    if (other === undefined) return [];
    return [
      { path: [...path, "id"], says: `"${endpoint.value.id}" is the id of ${addressText(other.address)} already` },
    ];
  });
}

/** A field whose rule is a parse function of the model. */
function checked<S extends z.ZodType<string | Record<string, string>>>(
  schema: S,
  parse: (value: z.output<S>) => Parsed<unknown>,
): S {
  return schema.superRefine((value, context) => {
    const result = parse(value);
    if (result.ok) return;
    for (const { at, says } of result.problems)
      context.addIssue({ code: "custom", message: says, path: at === "" ? [] : [at] });
  });
}
