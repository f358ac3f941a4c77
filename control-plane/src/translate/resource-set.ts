import type { Cluster } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import type { ClusterLoadAssignment } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { Listener } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import type { RouteConfiguration } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";

/**
 * All resources of one viewer. A resource that did not change since the last translation is the same object as before:
 * packing remembers its bytes and its version by identity.
 */
export type ResourceSet = {
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly ClusterLoadAssignment[];
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteConfiguration[];
};

/** What cannot be translated, a service or a part of one (a host, a health check), is left out and reported; all else is served. */
export type Translation = {
  readonly resources: ResourceSet;
  readonly leftOut: ReadonlyMap<ServiceName, readonly Problem[]>;
  /** Patches that could not be applied, by name: their resources are as they are without them. */
  readonly patchesLeftOut?: ReadonlyMap<string, readonly Problem[]>;
};

export type Translate = ((world: World, viewer: Viewer) => Translation) & {
  /**
   * Makes one by one what the whole then finds made, for those who have to pause in between; undefined stands before what
   * takes as long as a pause is to be apart.
   */
  readonly ahead?: (world: World, viewer: Viewer) => Iterable<ResourceSet[keyof ResourceSet][number] | undefined>;
};
