import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type RouteActionSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import { hashOnOf, hashPolicyOf } from "./hash-policy.ts";
import { clusterName } from "./resource-names.ts";
import { retryPolicyOf } from "./retry.ts";
import { timeLimitsOf } from "./time-limits.ts";

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
  const retryPolicy = retryPolicyOf(retry, spec.protocol, flavour);
  return {
    clusterSpecifier: { case: "cluster", value: clusterName(spec) },
    ...timeLimitsOf(timeouts, spec.protocol, flavour),
    ...(retryPolicy && { retryPolicy }),
    hashPolicy: [...hashPolicyOf(hashOnOf(loadBalancer), flavour)],
  };
}
