import { hash } from "node:crypto";
import type { Any } from "@bufbuild/protobuf/wkt";

/** In the order in which they are sent: what others refer to comes first. */
export const resourceTypes = [
  "runtime",
  "secret",
  "cluster",
  "endpoints",
  "listener",
  "extension",
  "scopedRoutes",
  "routes",
] as const;

export type ResourceType = (typeof resourceTypes)[number];

/** What every client asks for; the status table shows these always, others where a client asked for them. */
export const commonTypes = ["cluster", "endpoints", "listener", "routes"] as const satisfies readonly ResourceType[];

export type CommonType = (typeof commonTypes)[number];

export const typeUrls: Readonly<Record<ResourceType, string>> = {
  runtime: "type.googleapis.com/envoy.service.runtime.v3.Runtime",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  extension: "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
  scopedRoutes: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  routes: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
};

/** What the resources of a type refer to by name, as far as `XdsResource.uses` tells. */
export const usedType: Readonly<Record<ResourceType, ResourceType | undefined>> = {
  runtime: undefined,
  secret: undefined,
  cluster: "endpoints",
  endpoints: undefined,
  listener: "routes",
  extension: undefined,
  scopedRoutes: "routes",
  routes: "cluster",
};

const byUrl = new Map(resourceTypes.map((type) => [typeUrls[type], type]));

export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return byUrl.get(typeUrl);
}

/** A resource as it goes over the wire: serialized once, however many clients receive it. */
export type XdsResource = {
  readonly type: ResourceType;
  readonly name: string;
  /** Hash of the content, and of the time to live where it has one: equal in every replica, kept over restarts. */
  readonly version: string;
  /** Hash of name and version; the stamps of all resources that a client holds add up to its version of the type. */
  readonly stamp: bigint;
  readonly body: Any;
  /** Names of the resources it refers to: a cluster's endpoints, a listener's routes, the routes' clusters. */
  readonly uses: readonly string[];
  /** The revision of the documents that first had this content. */
  readonly revision: number;
  /** How long a client keeps it without a sign of life from us, in milliseconds; undefined: for ever. */
  readonly ttlMs?: number;
};

const stampBits = 80;

/** The stamp of this version of the resource. */
export function stampOf(name: string, version: string): bigint {
  return BigInt(`0x${hash("sha256", `${name}\0${version}`, "hex").slice(0, stampBits / 4)}`);
}

/** Adds stamps (or takes one away, with a negative one): in any order the same sum, so a version costs only what changed. */
export function addStamps(sum: bigint, stamp: bigint): bigint {
  return BigInt.asUintN(stampBits, sum + stamp);
}

/** The version of a set of resources, at most 16 characters; the same for the same names and versions everywhere. */
export function versionOf(sum: bigint): string {
  return sum.toString(36);
}
