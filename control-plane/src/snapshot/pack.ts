import { hash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import {
  type TypedExtensionConfig,
  TypedExtensionConfigSchema,
} from "@weir/proto/envoy/config/core/v3/extension_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { type Listener, ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import {
  type ScopedRouteConfiguration,
  ScopedRouteConfigurationSchema,
} from "@weir/proto/envoy/config/route/v3/scoped_route_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Secret, SecretSchema } from "@weir/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { type Runtime, RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { byText } from "../lib/order.ts";
import type { ViewerKey } from "../model/viewer.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import { addStamps, type ResourceType, resourceTypes, typeUrls, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** Everything that a viewer can be given. Names are unique within a type. */
export type Resources = ResourceSet & {
  readonly secrets?: readonly Secret[];
  readonly runtimes?: readonly Runtime[];
  readonly extensions?: readonly TypedExtensionConfig[];
  readonly scopedRoutes?: readonly ScopedRouteConfiguration[];
  /** How long a client is to keep a resource without a sign of life, in milliseconds. */
  readonly ttlMs?: (type: ResourceType, name: string) => number | undefined;
};

/** Makes a viewer's snapshot of its resources. A message that was packed before is not serialized again. */
export function pack(set: Resources, viewer: ViewerKey, revision: number, before?: Snapshot): Snapshot {
  const { ttlMs } = set;
  const table = (type: ResourceType, messages: readonly Message[]) =>
    tableOf(messages, (message) => packOnce(type, message, revision, ttlMs), before?.tables[type]);
  const tables: Snapshot["tables"] = {
    runtime: table("runtime", set.runtimes ?? none),
    secret: table("secret", set.secrets ?? none),
    cluster: table("cluster", set.clusters),
    endpoints: table("endpoints", set.endpoints),
    listener: table("listener", set.listeners),
    extension: table("extension", set.extensions ?? none),
    scopedRoutes: table("scopedRoutes", set.scopedRoutes ?? none),
    routes: table("routes", set.routes),
  };
  const each = <T>(of: (type: ResourceType) => T) =>
    Object.fromEntries(resourceTypes.map((type) => [type, of(type)])) as Record<ResourceType, T>;
  return {
    viewer,
    revision,
    tables,
    resources: each((type) => tables[type].byName),
    sums: each((type) => tables[type].sum),
  };
}

type Message =
  | Cluster
  | ClusterLoadAssignment
  | Listener
  | RouteConfiguration
  | Secret
  | Runtime
  | TypedExtensionConfig
  | ScopedRouteConfiguration;

/** The resources of one type, and the messages they were made of, in which a later snapshot finds what is the same. */
export type Table = {
  readonly messages: readonly object[];
  readonly byName: ReadonlyMap<string, XdsResource>;
  readonly sum: bigint;
  readonly shortestTtlMs: number | undefined;
};

const none: readonly never[] = [];

function tableOf<M extends object>(
  messages: readonly M[],
  packOne: (message: M) => XdsResource,
  before?: Table,
): Table {
  if (before?.messages === messages || (before?.messages.length === 0 && messages.length === 0)) return before;
  const packed = messages.map(packOne);
  const table = before === undefined ? undefined : patched(before, messages, packed);
  if (table !== undefined) return table;
  const sorted = isSorted(packed) ? packed : packed.toSorted((a, b) => byText(a.name, b.name));
  const byName = new Map(sorted.map((resource) => [resource.name, resource]));
  if (byName.size < sorted.length) throw twice(sorted);
  let sum = 0n;
  for (const { stamp } of byName.values()) sum = addStamps(sum, stamp);
  return { messages, byName, sum, shortestTtlMs: shortestTtl(byName) };
}

function twice(sorted: readonly XdsResource[]): Error {
  const second = sorted.find(({ name }, index) => index > 0 && sorted[index - 1]?.name === name);
  return new Error(`two resources of type ${second?.type} are named "${second?.name}"; names are unique within a type`);
}

/** The table of before with some resources replaced, when their names are the same: the usual case, at a tenth of the cost. */
function patched(before: Table, messages: readonly object[], packed: readonly XdsResource[]): Table | undefined {
  if (before.messages.length !== messages.length) return undefined;
  const changed: XdsResource[] = [];
  for (let index = 0; index < messages.length; index += 1) {
    const resource = packed[index];
    if (resource === undefined || before.messages[index] === messages[index]) continue;
    if (!before.byName.has(resource.name)) return undefined;
    changed.push(resource);
  }
  // Names that moved among the places could stand twice now, and another not at all.
  if (new Set(changed.map(({ name }) => name)).size !== changed.length || movedAmong(before, messages, packed))
    return undefined;
  let { sum } = before;
  const byName = new Map(before.byName);
  for (const resource of changed) {
    sum = addStamps(sum, resource.stamp - (byName.get(resource.name)?.stamp ?? 0n));
    byName.set(resource.name, resource);
  }
  return { messages, byName, sum, shortestTtlMs: shortestTtl(byName) };
}

function movedAmong(before: Table, messages: readonly object[], packed: readonly XdsResource[]): boolean {
  return packed.some((resource, index) => {
    const old = before.messages[index];
    return old !== messages[index] && old !== undefined && nameOfPacked(old) !== resource.name;
  });
}

function shortestTtl(byName: ReadonlyMap<string, XdsResource>): number | undefined {
  if (!anyTtl) return undefined;
  let shortest: number | undefined;
  for (const { ttlMs } of byName.values())
    if (ttlMs !== undefined && !(shortest !== undefined && shortest <= ttlMs)) shortest = ttlMs;
  return shortest;
}

function isSorted(resources: readonly XdsResource[]): boolean {
  return resources.every(({ name }, index) => index === 0 || byText(resources[index - 1]?.name ?? "", name) < 0);
}

const made = new WeakMap<object, XdsResource>();
// Few have resources with a time to live: those that have none do not look for them at each change.
let anyTtl = false;

function nameOfPacked(message: object): string | undefined {
  return made.get(message)?.name;
}

function packOnce(type: ResourceType, message: Message, revision: number, ttlMs: Resources["ttlMs"]): XdsResource {
  const known = made.get(message);
  if (known !== undefined) return known;
  const packed = packMessage(type, message, revision);
  const ttl = ttlMs?.(type, packed.name);
  if (ttl !== undefined) anyTtl = true;
  const resource = ttl === undefined ? packed : { ...packed, ttlMs: ttl };
  made.set(message, resource);
  return resource;
}

function packMessage(type: ResourceType, message: Message, revision: number): XdsResource {
  const of = <D extends DescMessage>(name: string, schema: D, shape: MessageShape<D>, uses: readonly string[] = []) =>
    resourceOf(type, name, toBinary(schema, shape), uses, revision);
  switch (message.$typeName) {
    case "envoy.config.cluster.v3.Cluster": {
      const eds = message.edsClusterConfig;
      return of(message.name, ClusterSchema, message, eds ? [eds.serviceName || message.name] : []);
    }
    case "envoy.config.endpoint.v3.ClusterLoadAssignment":
      return of(message.clusterName, ClusterLoadAssignmentSchema, message);
    case "envoy.config.listener.v3.Listener":
      return of(message.name, ListenerSchema, message, routesOf(message));
    case "envoy.config.route.v3.RouteConfiguration":
      return of(message.name, RouteConfigurationSchema, message, clustersOf(message));
    case "envoy.extensions.transport_sockets.tls.v3.Secret":
      return of(message.name, SecretSchema, message);
    case "envoy.service.runtime.v3.Runtime":
      return of(message.name, RuntimeSchema, message);
    case "envoy.config.core.v3.TypedExtensionConfig":
      return of(message.name, TypedExtensionConfigSchema, message);
    case "envoy.config.route.v3.ScopedRouteConfiguration":
      return of(
        message.name,
        ScopedRouteConfigurationSchema,
        message,
        [message.routeConfigurationName].filter(Boolean),
      );
  }
}

function routesOf({ filterChains, apiListener }: Listener): readonly string[] {
  const filters = filterChains.flatMap(({ filters }) =>
    filters.map(({ configType }) => (configType.case === "typedConfig" ? configType.value : undefined)),
  );
  return [...filters, apiListener?.apiListener].flatMap((config) => (config ? routeNameOf(config) : []));
}

function routeNameOf(config: Any): readonly string[] {
  if (!anyIs(config, HttpConnectionManagerSchema)) return [];
  const specifier = anyUnpack(config, HttpConnectionManagerSchema)?.routeSpecifier;
  return specifier?.case === "rds" ? [specifier.value.routeConfigName] : [];
}

function clustersOf({ virtualHosts }: RouteConfiguration): readonly string[] {
  const actions = virtualHosts.flatMap(({ routes }) => routes.map(({ action }) => action));
  const uses = actions.flatMap((action) => {
    if (action.case !== "route") return [];
    const { clusterSpecifier } = action.value;
    if (clusterSpecifier.case === "cluster") return [clusterSpecifier.value];
    return clusterSpecifier.case === "weightedClusters" ? clusterSpecifier.value.clusters.map(({ name }) => name) : [];
  });
  return [...new Set(uses)];
}

function resourceOf(
  type: ResourceType,
  name: string,
  value: Uint8Array<ArrayBuffer>,
  uses: readonly string[],
  revision: number,
): XdsResource {
  // 72 bits: among a million resources two are equal by accident once in ten thousand worlds; and only the same name counts.
  const version = hash("sha256", value, "base64url").slice(0, 12);
  const stamp = BigInt(`0x${hash("sha256", `${name}\0${version}`, "hex").slice(0, 20)}`);
  return { type, name, version, stamp, body: create(AnySchema, { typeUrl: typeUrls[type], value }), uses, revision };
}
