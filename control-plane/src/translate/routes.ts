import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type RouteActionSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import type { Timeouts, TrafficPolicy } from "../model/policy.ts";
import type { Protocol, ServiceSpec } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import { hashPolicyOf } from "./hash-policy.ts";
import { clusterName } from "./resource-names.ts";
import { retryPolicyOf } from "./retry.ts";

/** All that reaches one service: one virtual host with one route. */
export function virtualHostOf(
  spec: ServiceSpec,
  policy: TrafficPolicy,
  domains: readonly string[],
  flavour: Viewer["flavour"],
): VirtualHost {
  return create(VirtualHostSchema, {
    name: spec.name,
    domains: [...domains],
    routes: [
      {
        match: { pathSpecifier: { case: "prefix", value: "/" } },
        action: { case: "route", value: routeActionOf(spec, policy, flavour) },
      },
    ],
  });
}

export function routeConfigurationOf(name: string, virtualHosts: readonly VirtualHost[]): RouteConfiguration {
  return create(RouteConfigurationSchema, { name, virtualHosts: [...virtualHosts] });
}

function routeActionOf(
  spec: ServiceSpec,
  { retry, timeouts, loadBalancer }: TrafficPolicy,
  flavour: Viewer["flavour"],
): MessageInitShape<typeof RouteActionSchema> {
  const hashOn = loadBalancer.kind === "ring-hash" ? loadBalancer.hashOn : [];
  const retryPolicy = retryPolicyOf(retry, spec.protocol, flavour);
  return {
    clusterSpecifier: { case: "cluster", value: clusterName(spec) },
    ...limitsOf(timeouts, spec.protocol, flavour),
    ...(retryPolicy && { retryPolicy }),
    hashPolicy: [...hashPolicyOf(hashOn, flavour)],
  };
}

/**
 * Envoy's own default, 15 s for a whole response, would end streams, so `timeout` is always said. A gRPC call is limited as
 * a stream: the limit then holds for streams of either direction and the caller gets DEADLINE_EXCEEDED, not UNAVAILABLE.
 * 0 for `grpc_timeout_header_max` is "the client's own deadline holds". It is said to gRPC clients as well: grpc-js-xds
 * 1.14.1 otherwise takes the listener's idle timeout for a deadline.
 */
function limitsOf({ requestMs, idleMs }: Timeouts, protocol: Protocol, flavour: Viewer["flavour"]) {
  const limit = requestMs === undefined ? undefined : durationFromMs(requestMs);
  const asStream = { ...(limit && { maxStreamDuration: limit }), grpcTimeoutHeaderMax: limit ?? none() };
  if (flavour === "grpc") return { maxStreamDuration: asStream };
  // In place of the listener's 5 minutes without a byte: a watched report may be quiet for longer.
  const idleTimeout = durationFromMs(idleMs);
  return protocol === "grpc"
    ? { timeout: none(), maxStreamDuration: asStream, idleTimeout }
    : { timeout: limit ?? none(), idleTimeout };
}

function none(): Duration {
  return durationFromMs(0);
}
