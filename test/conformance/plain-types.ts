import type { DescMessage, DescService } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { TypedExtensionConfigSchema } from "@weir/proto/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/scoped_route_pb.ts";
import { SecretSchema } from "@weir/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { ClusterDiscoveryService } from "@weir/proto/envoy/service/cluster/v3/cds_pb.ts";
import { EndpointDiscoveryService } from "@weir/proto/envoy/service/endpoint/v3/eds_pb.ts";
import { ExtensionConfigDiscoveryService } from "@weir/proto/envoy/service/extension/v3/config_discovery_pb.ts";
import { ListenerDiscoveryService } from "@weir/proto/envoy/service/listener/v3/lds_pb.ts";
import { RouteDiscoveryService } from "@weir/proto/envoy/service/route/v3/rds_pb.ts";
import { ScopedRoutesDiscoveryService } from "@weir/proto/envoy/service/route/v3/srds_pb.ts";
import { RuntimeDiscoveryService, RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { SecretDiscoveryService } from "@weir/proto/envoy/service/secret/v3/sds_pb.ts";

/** What can be asked for, as the protocol has it, and the service that streams nothing else. */
export const plainTypes = {
  cluster: { schema: ClusterSchema, service: ClusterDiscoveryService },
  endpoints: { schema: ClusterLoadAssignmentSchema, service: EndpointDiscoveryService },
  listener: { schema: ListenerSchema, service: ListenerDiscoveryService },
  routes: { schema: RouteConfigurationSchema, service: RouteDiscoveryService },
  secret: { schema: SecretSchema, service: SecretDiscoveryService },
  runtime: { schema: RuntimeSchema, service: RuntimeDiscoveryService },
  extension: { schema: TypedExtensionConfigSchema, service: ExtensionConfigDiscoveryService },
  scopedRoutes: { schema: ScopedRouteConfigurationSchema, service: ScopedRoutesDiscoveryService },
} as const satisfies Record<string, { readonly schema: DescMessage; readonly service: DescService }>;

export type PlainType = keyof typeof plainTypes;

export function urlOf(type: PlainType): string {
  return `type.googleapis.com/${plainTypes[type].schema.typeName}`;
}

const all = Object.keys(plainTypes) as readonly PlainType[];

/** Throws for a type that none of the tests knows. */
export function plainTypeOf(url: string): PlainType {
  const type = all.find((each) => urlOf(each) === url);
  if (type === undefined) throw new Error(`a response of a type that nobody knows: ${url}`);
  return type;
}
