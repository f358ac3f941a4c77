import { never } from "../lib/exhaustive.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import type { Endpoint, EndpointOrigin, LocalityRules, ServiceSpec } from "../model/service.ts";
import type { Feed, FeedKey } from "./feed.ts";
import { consulSource, fileSource, registrySource } from "./source-names.ts";

/** One of the things that a service's endpoints are made of, in the order of its document. */
export type Part =
  | { readonly kind: "static"; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "feed"; readonly key: FeedKey }
  /** No configured source can give it: unknown, which is not the same as empty. */
  | { readonly kind: "unavailable"; readonly key: FeedKey };

/** What the Service documents ask of the sources. */
export type Demand = {
  /** Each feed once, however many services ask for it. */
  readonly feeds: ReadonlyMap<FeedKey, Feed>;
  readonly parts: ReadonlyMap<ServiceName, readonly Part[]>;
  /** By service: origins that no configured source can give. Its other origins are followed all the same. */
  readonly problems: ReadonlyMap<ServiceName, readonly Problem[]>;
};

/** `datacenters`: the names of the configured Consul data centers. */
export function demandOf(
  services: ReadonlyMap<ServiceName, ServiceSpec>,
  { datacenters }: { readonly datacenters: readonly string[] },
): Demand {
  const feeds = new Map<FeedKey, Feed>();
  const parts = new Map<ServiceName, readonly Part[]>();
  const problems = new Map<ServiceName, readonly Problem[]>();
  for (const [name, spec] of services) {
    const own: Part[] = [];
    const wrong: Problem[] = [];
    for (const [index, origin] of spec.origins.entries()) {
      if (origin.kind === "static") {
        own.push({ kind: "static", endpoints: origin.endpoints });
        continue;
      }
      for (const feed of feedsOf(origin, spec.localityRules, datacenters)) {
        feeds.set(feed.key, feeds.get(feed.key) ?? feed);
        own.push({ kind: "feed", key: feed.key });
      }
      for (const problem of unavailable(origin, datacenters)) {
        wrong.push({ at: `spec.endpoints[${index}].consul${problem.at}`, says: problem.says });
        own.push({ kind: "unavailable", key: `spec.endpoints[${index}].consul${problem.at}` });
      }
    }
    parts.set(name, own);
    if (wrong.length > 0) problems.set(name, wrong);
  }
  return { feeds, parts, problems };
}

function feedsOf(
  origin: Exclude<EndpointOrigin, { kind: "static" }>,
  localityRules: LocalityRules,
  configured: readonly string[],
): readonly Feed[] {
  switch (origin.kind) {
    case "file":
      return [{ kind: "file", key: `file/${origin.path}`, source: fileSource, path: origin.path }];
    case "registry": {
      const { service } = origin;
      return [{ kind: "registry", key: `registry/${service}`, source: registrySource, service }];
    }
    case "consul": {
      const { service, passingOnly } = origin;
      const rules = [passingOnly ? "passing" : "warning", localityRules.regionFrom, ...localityRules.zoneFrom].join(
        "&",
      );
      const asked = origin.datacenters.length === 0 ? configured : new Set(origin.datacenters);
      return [...asked]
        .filter((datacenter) => configured.includes(datacenter))
        .map((datacenter) => ({
          kind: "consul",
          key: `consul/${datacenter}/${service}?${rules}`,
          source: consulSource(datacenter),
          datacenter,
          service,
          passingOnly,
          localityRules,
        }));
    }
    default:
      return never(origin);
  }
}

function unavailable(origin: EndpointOrigin, configured: readonly string[]): readonly Problem[] {
  if (origin.kind !== "consul") return [];
  if (configured.length === 0)
    return [{ at: "", says: "no Consul data center is configured: name one in the server's configuration" }];
  return origin.datacenters.flatMap((datacenter, index) => {
    if (configured.includes(datacenter)) return [];
    const says = `Consul data center "${datacenter}" is not configured: expected ${configured.join(", ")}`;
    return [{ at: `.datacenters[${index}]`, says }];
  });
}
