import { hash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
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
import { type Secret, SecretSchema } from "@weir/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { type Runtime, RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import type { ViewerKey } from "../model/viewer.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import type { Change } from "./change.ts";
import { encodeAssignment } from "./encode-assignment.ts";
import { clustersOf, routesOf } from "./references.ts";
import { type ResourceType, resourceTypes, stampOf, typeUrls, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";
import { expectTtls, type Table, type TableStep, tableOf } from "./table.ts";

/** Everything that a viewer can be given. Names are unique within a type. */
export type Resources = ResourceSet & {
  readonly secrets?: readonly Secret[];
  readonly runtimes?: readonly Runtime[];
  readonly extensions?: readonly TypedExtensionConfig[];
  readonly scopedRoutes?: readonly ScopedRouteConfiguration[];
  /** How long a client is to keep a resource without a sign of life, in milliseconds. Asked once for each message object. */
  readonly ttlMs?: (type: ResourceType, name: string) => number | undefined;
};

/** Makes a viewer's snapshot of its resources. Throws when two resources of a type have the same name. */
export function pack(set: Resources, viewer: ViewerKey, revision: number): Snapshot {
  return packNext(set, viewer, revision, undefined).snapshot;
}

/** The same as `pack`, and how it differs from the snapshot before. What was packed before is not serialized again. */
export function packNext(
  set: Resources,
  viewer: ViewerKey,
  revision: number,
  before: Snapshot | undefined,
): { readonly snapshot: Snapshot; readonly changes: readonly Change[] } {
  const { ttlMs } = set;
  const step = (type: ResourceType, messages: readonly Message[]) =>
    tableOf(type, messages, (message) => packOnce(type, message, revision, ttlMs), before?.tables[type]);
  const steps: Readonly<Record<ResourceType, TableStep>> = {
    runtime: step("runtime", set.runtimes ?? none),
    secret: step("secret", set.secrets ?? none),
    cluster: step("cluster", set.clusters),
    endpoints: step("endpoints", set.endpoints),
    listener: step("listener", set.listeners),
    extension: step("extension", set.extensions ?? none),
    scopedRoutes: step("scopedRoutes", set.scopedRoutes ?? none),
    routes: step("routes", set.routes),
  };
  const each = <T>(of: (table: Table) => T) =>
    Object.fromEntries(resourceTypes.map((type) => [type, of(steps[type].table)])) as Record<ResourceType, T>;
  return {
    snapshot: {
      viewer,
      revision,
      tables: each((table) => table),
      resources: each(({ byName }) => byName),
      sums: each(({ sum }) => sum),
    },
    changes: resourceTypes.flatMap((type) => steps[type].change ?? []),
  };
}

/** Packs a message that a set of resources will hold: packing the set finds it made. */
export function packAhead(message: ResourceSet[keyof ResourceSet][number], revision: number): void {
  packOnce(typeOf[message.$typeName], message, revision, undefined);
}

const typeOf = {
  "envoy.config.cluster.v3.Cluster": "cluster",
  "envoy.config.endpoint.v3.ClusterLoadAssignment": "endpoints",
  "envoy.config.listener.v3.Listener": "listener",
  "envoy.config.route.v3.RouteConfiguration": "routes",
} as const;

type Message =
  | Cluster
  | ClusterLoadAssignment
  | Listener
  | RouteConfiguration
  | Secret
  | Runtime
  | TypedExtensionConfig
  | ScopedRouteConfiguration;

const none: readonly never[] = [];

const made = new WeakMap<object, XdsResource>();

function packOnce(type: ResourceType, message: Message, revision: number, ttlMs: Resources["ttlMs"]): XdsResource {
  const known = made.get(message);
  if (known !== undefined) return known;
  const packed = packMessage(type, message, revision);
  const ttl = ttlMs?.(type, packed.name);
  if (ttl !== undefined) expectTtls();
  const resource = ttl === undefined ? packed : withTtl(packed, ttl);
  made.set(message, resource);
  return resource;
}

/** Another version: a client that is not told of another time to live would let go of the resource when the old one is over. */
function withTtl(resource: XdsResource, ttlMs: number): XdsResource {
  const version = shortHash(`${resource.version} ${ttlMs}`);
  return { ...resource, version, stamp: stampOf(resource.name, version), ttlMs };
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
      return resourceOf(
        type,
        message.clusterName,
        encodeAssignment(message) ?? toBinary(ClusterLoadAssignmentSchema, message),
        [],
        revision,
      );
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

function resourceOf(
  type: ResourceType,
  name: string,
  value: Uint8Array<ArrayBuffer>,
  uses: readonly string[],
  revision: number,
): XdsResource {
  const version = shortHash(value);
  return {
    type,
    name,
    version,
    stamp: stampOf(name, version),
    body: create(AnySchema, { typeUrl: typeUrls[type], value }),
    uses,
    revision,
  };
}

/** 72 bits: among a million resources two are equal by accident once in ten thousand worlds; and only the same name counts. */
function shortHash(content: Uint8Array | string): string {
  return hash("sha256", content, "base64url").slice(0, 12);
}
