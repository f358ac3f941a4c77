import type { Locality } from "./locality.ts";
import type { EndpointId, ServiceName, SourceName } from "./names.ts";

/**
 * - `serving`: takes traffic.
 * - `degraded`: takes traffic when too few are serving (Consul's warning, where warnings are let in).
 * - `draining`: takes no new requests; those in flight finish.
 * - `failing`: its own source says that it fails; kept, so that panic routing still has somewhere to go.
 */
export type Health = "serving" | "degraded" | "draining" | "failing";

export type Endpoint = {
  readonly id: EndpointId;
  readonly address: { readonly host: string; readonly port: number };
  readonly locality: Locality;
  readonly health: Health;
  /** Its share of the locality's traffic, relative to its neighbours; 1 to 10,000, 100 unless told. */
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly source: SourceName;
};

export type Protocol = "grpc" | "http2" | "http1" | "tcp";

/** Where a service's endpoints come from: one entry of `spec.endpoints` of a Service document. */
export type EndpointOrigin =
  | { readonly kind: "static"; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "registry"; readonly service: string }
  | {
      readonly kind: "consul";
      readonly service: string;
      /** Only instances that have all of them. */
      readonly tags: readonly string[];
      readonly datacenters: readonly string[];
      readonly passingOnly: boolean;
    }
  | ({ readonly kind: "kubernetes"; readonly datacenters: readonly string[] } & KubernetesService);

/** A Service of Kubernetes, and which of its endpoints are meant. */
export type KubernetesService = {
  readonly namespace: string;
  readonly service: string;
  /** The name of one of its ports, or a port of the pods; undefined is the only one it has. */
  readonly port: string | number | undefined;
  /** Undefined is IPv4 where the Service has that, and else IPv6. */
  readonly addressType: "IPv4" | "IPv6" | undefined;
  /** Leave out what is not ready and not leaving either, instead of having it as `failing`. */
  readonly readyOnly: boolean;
};

/** Where the region and the zone of an endpoint are read from, first hit wins; from `spec.locality` of a Service document. */
export type LocalityRules = {
  readonly regionFrom: "datacenter" | `meta.${string}`;
  readonly zoneFrom: readonly `meta.${string}`[];
};

/** A Service document: who can be called, and where its endpoints come from. */
export type ServiceSpec = {
  readonly name: ServiceName;
  readonly protocol: Protocol;
  /** What clients dial: `xds:///report`, or `:authority` `report` through an Envoy. Never two services with the same. */
  readonly hosts: readonly string[];
  readonly origins: readonly EndpointOrigin[];
  readonly localityRules: LocalityRules;
  /** Groups of its endpoints, by name. An endpoint may be in several, or in none. */
  readonly subsets: readonly Subset[];
  /** What its endpoints can bear; undefined when nobody said. */
  readonly capacity: { readonly rpsPerEndpoint: number } | undefined;
};

/** The endpoints whose metadata has all of `match`. */
export type Subset = {
  readonly name: string;
  readonly match: Readonly<Record<string, string>>;
  /** What requests get when nobody is in it: an error, or any endpoint of the service. */
  readonly whenEmpty: "fail" | "use-all";
};

export function isInSubset({ match }: Pick<Subset, "match">, { metadata }: Pick<Endpoint, "metadata">): boolean {
  return Object.entries(match).every(([key, value]) => metadata[key] === value);
}

/** What exists of one service: the document and the endpoints that its sources give, sorted by address. */
export type Service = { readonly spec: ServiceSpec; readonly endpoints: readonly Endpoint[] };

/** A service that did not change is the same object as before: identity is the change signal. */
export type Catalog = ReadonlyMap<ServiceName, Service>;

/** `10.1.0.11:9090`, `[::1]:9090`. */
export function addressText({ host, port }: Endpoint["address"]): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
