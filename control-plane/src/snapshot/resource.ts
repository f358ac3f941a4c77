import type { Any } from "@bufbuild/protobuf/wkt";

export type ResourceType = "cluster" | "endpoints" | "listener" | "routes";

export const resourceTypes: readonly ResourceType[] = ["cluster", "endpoints", "listener", "routes"];

export const typeUrls: Readonly<Record<ResourceType, string>> = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routes: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
};

const byUrl = new Map(resourceTypes.map((type) => [typeUrls[type], type]));

export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return byUrl.get(typeUrl);
}

/** A resource as it goes over the wire: serialized once, however many clients receive it. */
export type XdsResource = {
  readonly type: ResourceType;
  readonly name: string;
  /** Hash of the content: equal in every replica, kept over restarts. */
  readonly version: string;
  /** Hash of name and version; the stamps of all resources that a client holds add up to its version of the type. */
  readonly stamp: bigint;
  readonly body: Any;
  /** Names of the resources it refers to: a cluster's endpoints, a listener's routes, the routes' clusters. */
  readonly uses: readonly string[];
};

const stampBits = 80;

/** Adds stamps (or takes one away, with a negative one): in any order the same sum, so a version costs only what changed. */
export function addStamps(sum: bigint, stamp: bigint): bigint {
  return BigInt.asUintN(stampBits, sum + stamp);
}

/** The version of a set of resources, at most 16 characters; the same for the same names and versions everywhere. */
export function versionOf(sum: bigint): string {
  return sum.toString(36);
}
