import { z } from "zod";
import { type Parsed, type Problem, parsed, problemText, refused } from "../../lib/parsed.ts";
import { addressOf, defaultWeight, maxWeight, parseMetadata, parseWeight } from "../../model/endpoint-entry.ts";
import { type Locality, parseLocality } from "../../model/locality.ts";
import { parseEndpointId, type SourceName } from "../../model/names.ts";
import type { Endpoint, Health, LocalityRules } from "../../model/service.ts";

/** How an answer of `/v1/health/service/…` is to be read. */
export type HealthReading = {
  readonly source: SourceName;
  /** The data center that was asked, as Consul calls it: every entry must be of it. */
  readonly datacenter: string;
  /** The region of its endpoints where the rules take it from the data center. */
  readonly region: string;
  readonly rules: LocalityRules;
  readonly passingOnly: boolean;
};

const meta = z.record(z.string(), z.string()).nullish();
const entrySchema = z.object({
  Node: z.object({ Node: z.string(), Address: z.string(), Datacenter: z.string().optional(), Meta: meta }),
  Service: z.object({
    ID: z.string(),
    Address: z.string().optional(),
    Port: z.number(),
    Meta: meta,
    Tags: z.array(z.string()).nullish(),
    Weights: z.object({ Passing: z.number() }).nullish(),
  }),
  Checks: z.array(z.object({ CheckID: z.string(), Status: z.string() })).nullish(),
});
type Entry = z.output<typeof entrySchema>;
type Note = (says: string) => void;

/**
 * The endpoints of an answer. An entry that makes none is skipped and named; an answer that is no list, of another data center,
 * or of which nothing can be read is refused as a whole, so that it is never taken for "there is nothing".
 */
export function parseHealth(
  body: unknown,
  reading: HealthReading,
): Parsed<{ readonly endpoints: readonly Endpoint[]; readonly skipped: readonly Problem[] }> {
  if (!Array.isArray(body)) return refused({ at: "", says: "expected a list of service instances" });
  const endpoints: Endpoint[] = [];
  const skipped: Problem[] = [];
  for (const [index, raw] of body.entries()) {
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) {
      skipped.push(
        ...entry.error.issues.map(({ path, message }) => ({ at: `[${index}].${path.join(".")}`, says: message })),
      );
      continue;
    }
    const { Node, Service } = entry.data;
    const at = `${Node.Node}/${Service.ID}`;
    if (Node.Datacenter !== undefined && Node.Datacenter !== reading.datacenter) {
      const says = `is in data center "${Node.Datacenter}", but "${reading.datacenter}" was asked: is the address the right one?`;
      return refused({ at, says });
    }
    const endpoint = endpointOf(entry.data, reading, (says) => skipped.push({ at, says }));
    if (endpoint) endpoints.push(endpoint);
  }
  if (endpoints.length === 0 && body.length > 0)
    return refused({
      at: "",
      says: `none of ${body.length} entries can be read: ${skipped.map(problemText).join("; ")}`,
    });
  return parsed({ endpoints, skipped });
}

function endpointOf(entry: Entry, reading: HealthReading, note: Note): Endpoint | undefined {
  const { Node, Service } = entry;
  // A service id is unique on its node only.
  const id = parseEndpointId(`${Node.Node}/${Service.ID}`);
  const address = addressOf(Service.Address || Node.Address, Service.Port);
  if (!id) note("is not an id: 1 to 200 visible characters, no spaces");
  if (!address.ok) for (const { says } of address.problems) note(says);
  if (!id || !address.ok) return undefined;
  return {
    id,
    address: address.value,
    locality: localityOf(entry, reading, note),
    health: healthOf(entry.Checks ?? [], reading.passingOnly),
    weight: weightOf(entry, note),
    metadata: metadataOf(Service.Meta ?? {}, Service.Tags ?? [], note),
    source: reading.source,
  };
}

/**
 * Maintenance mode is an operator taking an instance out: `draining`, whatever its other checks say. A critical check is
 * `failing`. A warning is `degraded` (used when too little else is left), or `failing` where only passing instances may take
 * traffic. A status that Consul does not have today counts as a warning: it must not empty a service.
 */
export function healthOf(
  checks: readonly { readonly CheckID: string; readonly Status: string }[],
  passingOnly: boolean,
): Health {
  const bad = checks.filter(({ Status }) => Status !== "passing");
  if (bad.some(({ CheckID }) => CheckID === "_node_maintenance" || CheckID.startsWith("_service_maintenance")))
    return "draining";
  if (bad.some(({ Status }) => Status === "critical")) return "failing";
  if (bad.length > 0) return passingOnly ? "failing" : "degraded";
  return "serving";
}

/** `meta.…` of a rule is looked for in the service's metadata, then in its node's. What cannot be read is unknown, and told. */
function localityOf({ Node, Service }: Entry, { region, rules }: HealthReading, note: Note): Locality {
  const read = (rule: string): string | undefined => {
    const key = rule.slice("meta.".length);
    const value = Service.Meta?.[key] || Node.Meta?.[key] || undefined;
    if (value === undefined || (parseLocality(value).ok && !value.includes("/"))) return value;
    note(`${rule} is ${JSON.stringify(value)}, which cannot name a region or zone: letters, digits, '.', '_' and '-'`);
    return undefined;
  };
  const named = rules.regionFrom === "datacenter" ? region : read(rules.regionFrom);
  if (named === undefined) note(`has no ${rules.regionFrom} to take its region from: "${region}" is used`);
  const zone = rules.zoneFrom.map(read).find((value) => value !== undefined);
  return { region: named ?? region, zone: zone ?? "", subZone: "" };
}

/**
 * `meta.weight` in Weir's units, or else Consul's own weight for passing instances: its default of 1 is Weir's default of 100,
 * so that instances from Consul and from elsewhere share a locality evenly.
 */
function weightOf({ Service }: Entry, note: Note): number {
  const told = Service.Meta?.["weight"];
  if (told !== undefined) {
    const weight = parseWeight(/^\d+$/.test(told) ? Number(told) : told);
    if (weight.ok) return weight.value;
    note(`meta.weight: ${weight.problems.map(({ says }) => says).join("; ")}; ${defaultWeight} is used`);
    return defaultWeight;
  }
  const passing = Math.round((Service.Weights?.Passing ?? 1) * defaultWeight);
  return Math.min(maxWeight, Math.max(1, passing));
}

/** What stands in its metadata, and for each tag, as far as it makes a key, `tag/canary: "true"`: subsets go by either. */
function metadataOf(
  given: Readonly<Record<string, string>>,
  tags: readonly string[],
  note: Note,
): Endpoint["metadata"] {
  const usable = Object.entries(given).filter(([key, value]) => {
    const one = parseMetadata({ [key]: value });
    if (!one.ok) note(`meta ${one.problems.map(problemText).join("; ")}; it is left out`);
    return one.ok;
  });
  // Tags are often long texts for other tools, so nothing is said of those that are left out.
  const tagged = tags.map((tag): [string, string] => [`tag/${tag}`, "true"]).filter(isMetadata);
  const all = parseMetadata(Object.fromEntries([...usable, ...tagged].slice(0, 64)));
  return all.ok ? all.value : {};
}

function isMetadata([key, value]: readonly [string, string]): boolean {
  return parseMetadata({ [key]: value }).ok;
}
