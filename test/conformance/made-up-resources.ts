import { create } from "@bufbuild/protobuf";
import { anyPack, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { type Cluster, Cluster_DiscoveryType, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
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

/** A cluster that takes its endpoints of the same name from EDS; `content` makes one version differ from another. */
export function madeUpCluster(name: string, content: string): Cluster {
  return create(ClusterSchema, {
    name,
    altStatName: content,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: { configSourceSpecifier: { case: "ads", value: {} } } },
  });
}

export function madeUpEndpoints(name: string, content: string): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [{ locality: { zone: content }, lbEndpoints: [] }],
  });
}

/** A listener whose HTTP requests go where the routes of this name say. */
export function madeUpListener(name: string, content: string, routes: string): Listener {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: content,
    routeSpecifier: {
      case: "rds",
      value: { routeConfigName: routes, configSource: { configSourceSpecifier: { case: "ads", value: {} } } },
    },
  });
  return create(ListenerSchema, { name, apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) } });
}

export function madeUpRoutes(name: string, content: string, clusters: readonly string[]): RouteConfiguration {
  if (clusters.length === 0)
    return create(RouteConfigurationSchema, { name, virtualHosts: [{ name: content, domains: ["*"] }] });
  return create(RouteConfigurationSchema, {
    name,
    virtualHosts: clusters.map((cluster) => ({
      name: `${content} ${cluster}`,
      domains: [cluster],
      routes: [
        {
          action: { case: "route" as const, value: { clusterSpecifier: { case: "cluster" as const, value: cluster } } },
        },
      ],
    })),
  });
}

export function madeUpSecret(name: string, content: string): Secret {
  const secret = { specifier: { case: "inlineString" as const, value: content } };
  return create(SecretSchema, { name, type: { case: "genericSecret", value: { secret } } });
}

export function madeUpRuntime(name: string, content: string): Runtime {
  return create(RuntimeSchema, { name, layer: { content } });
}

export function madeUpExtension(name: string, content: string): TypedExtensionConfig {
  return create(TypedExtensionConfigSchema, {
    name,
    typedConfig: anyPack(StringValueSchema, create(StringValueSchema, { value: content })),
  });
}

/** A scope that uses the routes of this name. */
export function madeUpScopedRoutes(name: string, content: string, routes: string): ScopedRouteConfiguration {
  return create(ScopedRouteConfigurationSchema, {
    name,
    routeConfigurationName: routes,
    key: { fragments: [{ type: { case: "stringKey", value: content } }] },
  });
}
