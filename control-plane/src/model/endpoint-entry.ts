import { isIP, SocketAddress } from "node:net";
import { byText } from "../lib/order.ts";
import { type Parsed, type Problem, parsed, refused } from "../lib/parsed.ts";
import { type Locality, localityText, parseLocality, unknownLocality } from "./locality.ts";
import { parseEndpointId, type SourceName } from "./names.ts";
import { addressText, type Endpoint } from "./service.ts";

export const defaultWeight = 100;
export const maxWeight = 10_000;

/**
 * One entry of an endpoint list, as it stands under `static:`, in an endpoint file and (without `health`) in a registration:
 * `{address: "10.1.0.11:9090", locality: dc-a/z1, weight: 100, metadata: {version: v1}, health: serving, id: report-1}`.
 * Only `address` must be there; the id is the address unless told. `at` begins the path of each problem.
 */
export function parseEndpointEntry(raw: unknown, at: string, source: SourceName): Parsed<Endpoint> {
  if (!isRecord(raw))
    return refused({ at, says: `expected an entry like {address: "10.1.0.11:9090"}, got ${kindOf(raw)}` });
  const problems: Problem[] = [];
  const take = <T>(name: string, otherwise: T | undefined, parse: (value: unknown) => Parsed<T>): T | undefined => {
    const value = raw[name];
    if (value === undefined && otherwise !== undefined) return otherwise;
    const result = parse(value);
    if (result.ok) return result.value;
    const path = at === "" ? name : `${at}.${name}`;
    for (const { at: inside, says } of result.problems)
      problems.push({ at: inside === "" ? path : `${path}.${inside}`, says });
    return undefined;
  };

  for (const name of Object.keys(raw)) {
    if (!fields.includes(name))
      problems.push({
        at: at === "" ? name : `${at}.${name}`,
        says: `is not known here: expected ${fields.join(", ")}`,
      });
  }
  const address = take("address", undefined, parseAddress);
  const locality = take("locality", unknownLocality, parseLocalityValue);
  const weight = take("weight", defaultWeight, parseWeight);
  const metadata = take<Endpoint["metadata"]>("metadata", {}, parseMetadata);
  const health = take("health", "serving", parseHealth);
  const id =
    raw["id"] === undefined ? address && parseEndpointId(addressText(address)) : take("id", undefined, parseId);
  if (!address || !locality || !weight || !metadata || !health || !id || problems.length > 0)
    return { ok: false, problems };
  return parsed({ id, address, locality, health, weight, metadata, source });
}

/** The entry that `parseEndpointEntry` reads back as this endpoint. */
export function endpointEntry({
  id,
  address,
  locality,
  health,
  weight,
  metadata,
}: Endpoint): Readonly<Record<string, unknown>> {
  const where = localityText(locality);
  return { id, address: addressText(address), ...(where && { locality: where }), health, weight, metadata };
}

/** A list of such entries. An address or an id that stands there twice is a problem. */
export function parseEndpointList(raw: unknown, at: string, source: SourceName): Parsed<readonly Endpoint[]> {
  if (!Array.isArray(raw)) return refused({ at, says: `expected a list of endpoints, got ${kindOf(raw)}` });
  const problems: Problem[] = [];
  const endpoints: Endpoint[] = [];
  const firstAt = new Map<string, string>();
  for (const [index, entry] of raw.entries()) {
    const path = `${at}[${index}]`;
    const result = parseEndpointEntry(entry, path, source);
    if (!result.ok) {
      problems.push(...result.problems);
      continue;
    }
    const address = addressText(result.value.address);
    for (const [name, value] of [
      ["address", address],
      ["id", result.value.id],
    ] as const) {
      if (name === "id" && value === address) continue;
      const first = firstAt.get(`${name} ${value}`);
      if (first === undefined) firstAt.set(`${name} ${value}`, path);
      else problems.push({ at: `${path}.${name}`, says: `"${value}" stands already at ${first}` });
    }
    endpoints.push(result.value);
  }
  return problems.length > 0 ? { ok: false, problems } : parsed(endpoints);
}

/** `10.1.0.11:9090` or `[2001:db8::1]:9090`, in the form in which equal addresses are equal text. */
export function parseAddress(raw: unknown): Parsed<Endpoint["address"]> {
  const match = typeof raw === "string" ? /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(raw) : null;
  if (!match) {
    const got = raw === undefined ? "it is missing" : `got ${shown(raw)}`;
    return refused({ at: "", says: `expected "address:port" like "10.1.0.11:9090" or "[2001:db8::1]:9090", ${got}` });
  }
  return addressOf(match[1] ?? match[2] ?? "", Number(match[3]));
}

/** An address that a client can be given: Envoy refuses names in an endpoint assignment, and gRPC clients resolve none. */
export function addressOf(host: string, port: number): Parsed<Endpoint["address"]> {
  const problems: Problem[] = [];
  const version = host.includes("%") ? 0 : isIP(host);
  const canonical = version === 6 ? new SocketAddress({ address: host, family: "ipv6" }).address : host;
  if (version === 0)
    problems.push({ at: "", says: `${shown(host)} is not an IP address (names are not resolved by xDS clients)` });
  else if (canonical === "0.0.0.0" || canonical === "::")
    problems.push({ at: "", says: `${host} is where a server listens, not where it can be reached` });
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    problems.push({ at: "", says: `port ${port} is not between 1 and 65535` });
  return problems.length > 0 ? { ok: false, problems } : parsed({ host: canonical, port });
}

export function parseWeight(raw: unknown): Parsed<number> {
  if (typeof raw === "number" && Number.isInteger(raw) && raw >= 1 && raw <= maxWeight) return parsed(raw);
  return refused({ at: "", says: `expected a whole number from 1 to ${maxWeight}, got ${shown(raw)}` });
}

const metadataKey = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,127}$/;

/** Text by text, at most 64 entries; keys come out sorted, so that equal metadata gives equal bytes. */
export function parseMetadata(raw: unknown): Parsed<Readonly<Record<string, string>>> {
  if (!isRecord(raw)) return refused({ at: "", says: `expected texts by name like {version: v1}, got ${kindOf(raw)}` });
  const entries = Object.entries(raw).sort(([a], [b]) => byText(a, b));
  const problems: Problem[] = [];
  if (entries.length > 64) problems.push({ at: "", says: `has ${entries.length} entries, at most 64 are kept` });
  for (const [key, value] of entries) {
    if (!metadataKey.test(key) || key === "__proto__")
      problems.push({ at: key, says: "is not a key: letters, digits, '.', '_', '/' and '-', at most 128" });
    else if (typeof value !== "string")
      problems.push({ at: key, says: `expected text, got ${shown(value)}; put it into quotes` });
    else if (value.length > 1024) problems.push({ at: key, says: `is ${value.length} characters long, at most 1024` });
  }
  if (problems.length > 0) return { ok: false, problems };
  return parsed(Object.fromEntries(entries) as Record<string, string>);
}

const fields = ["address", "locality", "weight", "metadata", "health", "id"];
const healths = ["serving", "degraded", "draining", "failing"] as const;

export function parseHealth(raw: unknown): Parsed<Endpoint["health"]> {
  const health = healths.find((each) => each === raw);
  return health ? parsed(health) : refused({ at: "", says: `expected ${healths.join(", ")}, got ${shown(raw)}` });
}

function parseLocalityValue(raw: unknown): Parsed<Locality> {
  if (typeof raw === "string") return parseLocality(raw);
  return refused({ at: "", says: `expected region/zone like dc-a/z1, got ${shown(raw)}` });
}

function parseId(raw: unknown): Parsed<Endpoint["id"]> {
  const id = typeof raw === "string" ? parseEndpointId(raw) : undefined;
  return id
    ? parsed(id)
    : refused({ at: "", says: `${shown(raw)} is not an id: 1 to 200 visible characters, no spaces` });
}

function isRecord(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function kindOf(raw: unknown): string {
  if (raw === undefined || raw === null) return "nothing";
  if (Array.isArray(raw)) return "a list";
  return typeof raw === "object" ? "an object" : shown(raw);
}

function shown(raw: unknown): string {
  const text = JSON.stringify(raw) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
