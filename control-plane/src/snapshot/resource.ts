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
  readonly body: Any;
};
