import { create } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Cluster, Cluster_DiscoveryType, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { TrafficDirection } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { Listener } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { LocalRateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import type { Inbound } from "../../model/inbound.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { ServiceSpec } from "../../model/service.ts";
import { circuitBreakersOf } from "../cluster/circuit-limits.ts";
import { httpProtocolOptionsKey, httpProtocolOptionsOf } from "../cluster/http-protocol.ts";
import { localRateLimitFilterName } from "../filter/http-filters.ts";
import { localRateLimitOf } from "../filter/local-rate-limit.ts";
import { timeLimitsOf } from "../route/time-limits.ts";
import { httpListenerOf } from "./listener.ts";

/** A sidecar's resources for a service that it takes calls for: listener, routes and cluster have one name. */
export type InboundResources = {
  readonly listener: Listener;
  readonly routes: RouteConfiguration;
  readonly cluster: Cluster;
};

/** Of the listener, the routes and the cluster; no service's name has a slash. */
export function inboundName({ service }: Inbound): string {
  return `inbound/${service}`;
}

/**
 * Callers -> this listener -> the application beside it. The application decides nothing about balancing and is tried once:
 * retries are for callers, who have other endpoints.
 */
export function inboundResourcesOf(inbound: Inbound, spec: ServiceSpec, policy: TrafficPolicy): InboundResources {
  const name = inboundName(inbound);
  return {
    listener: httpListenerOf({
      name,
      routes: name,
      listen: inbound.listen,
      direction: TrafficDirection.INBOUND,
      limiters: [],
      forStrangers: false,
    }),
    routes: routesOf(name, spec, policy),
    cluster: clusterOf(name, inbound, spec, policy),
  };
}

function routesOf(name: string, spec: ServiceSpec, { timeouts, inbound }: TrafficPolicy): RouteConfiguration {
  const { rateLimit } = inbound;
  return create(RouteConfigurationSchema, {
    name,
    virtualHosts: [
      {
        name: spec.name,
        // Health checks come with the endpoint's address for a host, callers with whatever they dialled.
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "/" } },
            action: {
              case: "route",
              value: {
                clusterSpecifier: { case: "cluster", value: name },
                ...timeLimitsOf(timeouts, spec.protocol, "envoy"),
              },
            },
            ...(rateLimit && {
              typedPerFilterConfig: {
                [localRateLimitFilterName]: anyPack(LocalRateLimitSchema, localRateLimitOf(rateLimit, name)),
              },
            }),
          },
        ],
      },
    ],
  });
}

function clusterOf(
  name: string,
  { application }: Inbound,
  { protocol }: ServiceSpec,
  { circuitBreaker, timeouts, connection }: TrafficPolicy,
): Cluster {
  const socketAddress = {
    address: application.host,
    portSpecifier: { case: "portValue", value: application.port },
  } as const;
  return create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [
            {
              hostIdentifier: {
                case: "endpoint",
                value: { address: { address: { case: "socketAddress", value: socketAddress } } },
              },
            },
          ],
        },
      ],
    },
    connectTimeout: durationFromMs(timeouts.connectMs),
    circuitBreakers: circuitBreakersOf(circuitBreaker, { kind: "off" }, "envoy"),
    typedExtensionProtocolOptions: { [httpProtocolOptionsKey]: httpProtocolOptionsOf(protocol, timeouts, connection) },
  });
}
