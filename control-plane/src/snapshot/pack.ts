import { hash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { type Listener, ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { sortedBy } from "../lib/order.ts";
import type { ViewerKey } from "../model/viewer.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import { addStamps, type ResourceType, typeUrls, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** Makes a viewer's snapshot of its resources. A message that was packed before is not serialized again. */
export function pack(set: ResourceSet, viewer: ViewerKey, revision: number): Snapshot {
  const resources = {
    cluster: byName(set.clusters, packCluster),
    endpoints: byName(set.endpoints, packEndpoints),
    listener: byName(set.listeners, packListener),
    routes: byName(set.routes, packRoutes),
  };
  const sums = {
    cluster: sumOf(resources.cluster),
    endpoints: sumOf(resources.endpoints),
    listener: sumOf(resources.listener),
    routes: sumOf(resources.routes),
  };
  return { viewer, revision, resources, sums };
}

const packed = new WeakMap<object, XdsResource>();

function byName<M extends object>(
  messages: readonly M[],
  packOne: (message: M) => XdsResource,
): ReadonlyMap<string, XdsResource> {
  const all = messages.map((message) => {
    const known = packed.get(message);
    if (known !== undefined) return known;
    const made = packOne(message);
    packed.set(message, made);
    return made;
  });
  return new Map(sortedBy(all, ({ name }) => name).map((resource) => [resource.name, resource]));
}

function sumOf(resources: ReadonlyMap<string, XdsResource>): bigint {
  let sum = 0n;
  for (const { stamp } of resources.values()) sum = addStamps(sum, stamp);
  return sum;
}

function packCluster(cluster: Cluster): XdsResource {
  const eds = cluster.edsClusterConfig;
  return resourceOf("cluster", cluster.name, ClusterSchema, cluster, eds ? [eds.serviceName || cluster.name] : []);
}

function packEndpoints(assignment: ClusterLoadAssignment): XdsResource {
  return resourceOf("endpoints", assignment.clusterName, ClusterLoadAssignmentSchema, assignment, []);
}

function packListener(listener: Listener): XdsResource {
  const filters = listener.filterChains.flatMap(({ filters }) =>
    filters.map(({ configType }) => (configType.case === "typedConfig" ? configType.value : undefined)),
  );
  const uses = [...filters, listener.apiListener?.apiListener].flatMap((config) => (config ? routeNameOf(config) : []));
  return resourceOf("listener", listener.name, ListenerSchema, listener, uses);
}

function routeNameOf(config: Any): readonly string[] {
  if (!anyIs(config, HttpConnectionManagerSchema)) return [];
  const specifier = anyUnpack(config, HttpConnectionManagerSchema)?.routeSpecifier;
  return specifier?.case === "rds" ? [specifier.value.routeConfigName] : [];
}

function packRoutes(routes: RouteConfiguration): XdsResource {
  const actions = routes.virtualHosts.flatMap(({ routes }) => routes.map(({ action }) => action));
  const uses = actions.flatMap((action) => {
    if (action.case !== "route") return [];
    const { clusterSpecifier } = action.value;
    if (clusterSpecifier.case === "cluster") return [clusterSpecifier.value];
    return clusterSpecifier.case === "weightedClusters" ? clusterSpecifier.value.clusters.map(({ name }) => name) : [];
  });
  return resourceOf("routes", routes.name, RouteConfigurationSchema, routes, [...new Set(uses)]);
}

function resourceOf<D extends DescMessage>(
  type: ResourceType,
  name: string,
  schema: D,
  message: MessageShape<D>,
  uses: readonly string[],
): XdsResource {
  const value = toBinary(schema, message);
  // 72 bits: among a million resources two are equal by accident once in ten thousand worlds; and only the same name counts.
  const version = hash("sha256", value, "base64url").slice(0, 12);
  const stamp = BigInt(`0x${hash("sha256", `${name}\0${version}`, "hex").slice(0, 20)}`);
  return { type, name, version, stamp, body: create(AnySchema, { typeUrl: typeUrls[type], value }), uses };
}
