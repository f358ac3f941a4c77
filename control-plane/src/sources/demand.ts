import { never } from "../lib/exhaustive.ts";
import { byText } from "../lib/order.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import type { Endpoint, EndpointOrigin, LocalityRules, ServiceSpec } from "../model/service.ts";
import type { Feed, FeedKey } from "./feed.ts";
import { consulSource, fileSource, kubernetesSource, registrySource } from "./source-names.ts";

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

/** The names of the configured data centers that have the one or the other. */
export type Configured = { readonly consul: readonly string[]; readonly kubernetes: readonly string[] };

export function demandOf(services: ReadonlyMap<ServiceName, ServiceSpec>, configured: Configured): Demand {
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
      for (const feed of feedsOf(origin, spec.localityRules, configured)) {
        feeds.set(feed.key, feeds.get(feed.key) ?? feed);
        own.push({ kind: "feed", key: feed.key });
      }
      for (const problem of unavailable(origin, configured)) {
        const at = `spec.endpoints[${index}].${origin.kind}${problem.at}`;
        wrong.push({ at, says: problem.says });
        own.push({ kind: "unavailable", key: at });
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
  configured: Configured,
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
      const tags = origin.tags.toSorted(byText);
      const rules = [
        passingOnly ? "passing" : "warning",
        localityRules.regionFrom,
        ...localityRules.zoneFrom,
        ...tags.map((tag) => `tag=${tag}`),
      ].join("&");
      return asked(origin, configured.consul).map((datacenter) => ({
        kind: "consul",
        key: `consul/${datacenter}/${service}?${rules}`,
        source: consulSource(datacenter),
        datacenter,
        service,
        tags,
        passingOnly,
        localityRules,
      }));
    }
    case "kubernetes": {
      const { namespace, service, port, addressType, readyOnly } = origin;
      // A port's name has no `:`, and one that is all digits is told from a number by its quotes.
      const rules = [port === undefined ? "" : JSON.stringify(port), addressType ?? "", readyOnly ? "ready" : ""];
      return asked(origin, configured.kubernetes).map((datacenter) => ({
        kind: "kubernetes",
        key: `kubernetes/${datacenter}/${namespace}/${service}?${rules.join("&")}`,
        source: kubernetesSource(datacenter),
        ...{ datacenter, namespace, service, port, addressType, readyOnly },
      }));
    }
    default:
      return never(origin);
  }
}

type OfDatacenters = Extract<EndpointOrigin, { readonly datacenters: readonly string[] }>;

function asked({ datacenters }: OfDatacenters, configured: readonly string[]): readonly string[] {
  const wanted = datacenters.length === 0 ? configured : new Set(datacenters);
  return [...wanted].filter((datacenter) => configured.includes(datacenter));
}

const labels = { consul: "Consul data center", kubernetes: "data center with Kubernetes" } as const;

function unavailable(origin: EndpointOrigin, all: Configured): readonly Problem[] {
  if (origin.kind !== "consul" && origin.kind !== "kubernetes") return [];
  const configured = all[origin.kind];
  const label = labels[origin.kind];
  if (configured.length === 0)
    return [{ at: "", says: `no ${label} is configured: name one in the server's configuration` }];
  return origin.datacenters.flatMap((datacenter, index) => {
    if (configured.includes(datacenter)) return [];
    const says = `${label} "${datacenter}" is not configured: expected ${configured.join(", ")}`;
    return [{ at: `.datacenters[${index}]`, says }];
  });
}
