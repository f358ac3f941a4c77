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

/** What is or was listed, and since when (monotonic) it is no longer; undefined for what still is. */
type Lasting = ReadonlyMap<string, number | undefined>;
export type Known = ReadonlyMap<string, { readonly tags: Lasting; readonly missingSinceMs: number | undefined }>;

/**
 * What is known after another answer. A name that is missing is not forgotten at once, nor is a tag: that its endpoints are gone
 * is for its own feed to say, and for the guard to judge. It is forgotten when all answers of `forgetMs` have done without it.
 */
export function afterList(before: Known, list: ServiceList, nowMs: number, forgetMs: number): Known {
  const missing = new Map([...before].map(([name, { missingSinceMs }]) => [name, missingSinceMs]));
  const names = lastingAfter(missing, list.keys(), nowMs, forgetMs);
  return new Map(
    [...names].map(([name, missingSinceMs]) => {
      const tags = before.get(name)?.tags ?? new Map();
      const listed = list.get(name);
      return [name, { missingSinceMs, tags: listed ? lastingAfter(tags, listed, nowMs, forgetMs) : tags }];
    }),
  );
}

function lastingAfter(before: Lasting, listed: Iterable<string>, nowMs: number, forgetMs: number): Lasting {
  const after = new Map<string, number | undefined>();
  for (const each of listed) after.set(each, undefined);
  for (const [each, missingSinceMs = nowMs] of before)
    if (!after.has(each) && nowMs - missingSinceMs < forgetMs) after.set(each, missingSinceMs);
  return after;
}

/** Is something kept that the last answer did without? */
export function isMissingSome(known: Known): boolean {
  return known
    .values()
    .some(
      ({ missingSinceMs, tags }) =>
        (missingSinceMs ?? tags.values().find((since) => since !== undefined)) !== undefined,
    );
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
      .filter(([, listed]) => listed.has(name) && tags.every((tag) => listed.get(name)?.tags.has(tag)))
      .map(([datacenter]) => datacenter)
      .sort(byText);
    if (found.length === 0) continue;
    return {
      ...{ name, protocol, hosts: [name] },
      origins: [{ kind: "consul", service: name, tags, datacenters: found, passingOnly }],
      localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
      ...{ subsets: [], capacity: undefined },
    };
  }
  return undefined;
}
