import { createRegistry, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { TypedExtensionConfigSchema } from "@weir/proto/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/scoped_route_pb.ts";
import { HTTPFaultSchema } from "@weir/proto/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { LocalRateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import {
  RateLimitPerRouteSchema,
  RateLimitSchema,
} from "@weir/proto/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.ts";
import { RouterSchema } from "@weir/proto/envoy/extensions/filters/http/router/v3/router_pb.ts";
import {
  StatefulSessionPerRouteSchema,
  StatefulSessionSchema,
} from "@weir/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { CookieBasedSessionStateSchema } from "@weir/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb.ts";
import { HeaderBasedSessionStateSchema } from "@weir/proto/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { ClientSideWeightedRoundRobinSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin_pb.ts";
import { LeastRequestSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts";
import { MaglevSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts";
import { RandomSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts";
import { RingHashSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts";
import { RoundRobinSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts";
import { WrrLocalitySchema } from "@weir/proto/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality_pb.ts";
import { PreviousHostsPredicateSchema } from "@weir/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { PreviousPrioritiesConfigSchema } from "@weir/proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.ts";
import { HttpProtocolOptionsSchema } from "@weir/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { envoyTypes } from "@weir/proto/grpc/envoy-types.ts";

/** Every message that stands in an `Any` of ours. Secrets are not among them: their content is shown to nobody. */
const ownTypes = createRegistry(
  ClientSideWeightedRoundRobinSchema,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  CookieBasedSessionStateSchema,
  HTTPFaultSchema,
  HeaderBasedSessionStateSchema,
  HttpConnectionManagerSchema,
  HttpProtocolOptionsSchema,
  LeastRequestSchema,
  ListenerSchema,
  LocalRateLimitSchema,
  MaglevSchema,
  PreviousHostsPredicateSchema,
  PreviousPrioritiesConfigSchema,
  RandomSchema,
  RateLimitPerRouteSchema,
  RateLimitSchema,
  RingHashSchema,
  RoundRobinSchema,
  RouteConfigurationSchema,
  RouterSchema,
  RuntimeSchema,
  ScopedRouteConfigurationSchema,
  StatefulSessionPerRouteSchema,
  StatefulSessionSchema,
  TypedExtensionConfigSchema,
  WrrLocalitySchema,
);

/** Those, and inside of resources what a Patch has put there, which can be anything of Envoy's. */
export const resourceRegistry: Registry = {
  ...ownTypes,
  getMessage: (typeName) => ownTypes.getMessage(typeName) ?? envoyTypes().getMessage(typeName),
};

/** A resource's content as proto3 JSON, which Envoy reads too; only its type for one that is not known here. */
export function resourceJson(body: Any): JsonValue {
  const isKnown = ownTypes.getMessage(body.typeUrl.slice(body.typeUrl.lastIndexOf("/") + 1)) !== undefined;
  if (!isKnown) return { "@type": body.typeUrl };
  return toJson(AnySchema, body, { registry: resourceRegistry, useProtoFieldName: true });
}
