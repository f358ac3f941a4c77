import { byText } from "../../lib/order.ts";
import { parseServiceName, type ServiceName } from "../../model/names.ts";
import type { Protocol, ServiceSpec } from "../../model/service.ts";

/** Which services of Consul need no Service document. */
export type DiscoverRule = {
  /** A name, or how names begin and a `*`: `report`, `team-*`, `*`. */
  readonly services: string;
  /** Some instance has all of them; only such instances are taken. */
  readonly tags: readonly string[];
  /** Where to look; every Consul data center when empty. */
  readonly datacenters: readonly string[];
  readonly protocol: Protocol;
  readonly passingOnly: boolean;
};

/** The services of a data center and the tags of their instances, as `/v1/catalog/services` has them. */
export type ServiceList = ReadonlyMap<string, readonly string[]>;

/** Names that are listed, and since when (monotonic) one that was is no longer. */
export type Known = ReadonlyMap<
  string,
  { readonly tags: readonly string[]; readonly missingSinceMs: number | undefined }
>;

/**
 * What is known after another answer. A name that is missing is not forgotten at once: that its endpoints are gone is for its
 * own feed to say, and for the guard to judge. It is forgotten when all answers of `forgetMs` have done without it.
 */
export function afterList(before: Known, list: ServiceList, nowMs: number, forgetMs: number): Known {
  const after = new Map<string, { readonly tags: readonly string[]; readonly missingSinceMs: number | undefined }>();
  for (const [name, tags] of list) after.set(name, { tags, missingSinceMs: undefined });
  for (const [name, { tags, missingSinceMs = nowMs }] of before)
    if (!after.has(name) && nowMs - missingSinceMs < forgetMs) after.set(name, { tags, missingSinceMs });
  return after;
}

/** The services that the rules take, by the first rule that does; the same object for each that is as before. */
export function discoveredSpecs(
  rules: readonly DiscoverRule[],
  known: ReadonlyMap<string, Known>,
  before: ReadonlyMap<ServiceName, ServiceSpec>,
): ReadonlyMap<ServiceName, ServiceSpec> {
  const specs = new Map<ServiceName, ServiceSpec>();
  const hosts = new Set<string>();
  const names = new Set([...known.values()].flatMap((services) => [...services.keys()]));
  for (const text of [...names].sort(byText)) {
    const name = parseServiceName(text);
    const spec = name && !isConsulsOwn(name) ? specOf(name, rules, known) : undefined;
    // What clients dial knows no case.
    if (!spec || hosts.has(spec.name.toLowerCase())) continue;
    hosts.add(spec.name.toLowerCase());
    const earlier = before.get(spec.name);
    specs.set(spec.name, earlier && JSON.stringify(earlier) === JSON.stringify(spec) ? earlier : spec);
  }
  return specs;
}

// Consul lists itself, and the sidecars of its own mesh beside the services that they stand for.
function isConsulsOwn(name: string): boolean {
  return name === "consul" || name.endsWith("-sidecar-proxy");
}

function specOf(
  name: ServiceName,
  rules: readonly DiscoverRule[],
  known: ReadonlyMap<string, Known>,
): ServiceSpec | undefined {
  for (const { services, tags, datacenters, protocol, passingOnly } of rules) {
    if (services.endsWith("*") ? !name.startsWith(services.slice(0, -1)) : name !== services) continue;
    const found = [...known]
      .filter(([datacenter]) => datacenters.length === 0 || datacenters.includes(datacenter))
      .filter(([, listed]) => tags.every((tag) => listed.get(name)?.tags.includes(tag)) && listed.has(name))
      .map(([datacenter]) => datacenter)
      .sort(byText);
    if (found.length === 0) continue;
    return {
      ...{ name, protocol, hosts: [name] },
      origins: [{ kind: "consul", service: name, tags, datacenters: found, passingOnly }],
      localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
    };
  }
  return undefined;
}
