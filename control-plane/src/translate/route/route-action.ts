import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RouteActionSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { Timeouts } from "../../model/policy.ts";
import type { RouteRule, RouteTimeouts } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import { clusterName } from "../resource-names.ts";
import { type Destination, type Destinations, hasSubset, type Target } from "../targets.ts";
import { fractionOf } from "./fraction.ts";
import { hashOnOf, hashPolicyOf } from "./hash-policy.ts";
import { retryPolicyOf } from "./retry.ts";
import { timeLimitsOf } from "./time-limits.ts";

export type RouteAction = MessageInitShape<typeof RouteActionSchema>;

/** What a rule says in place of the policy. */
export type Instead = Pick<RouteRule, "hashOn" | "timeouts" | "retry" | "mirrors">;

/** What holds without a rule. */
export const nothingInstead: Instead = {
  hashOn: undefined,
  timeouts: { requestMs: undefined, streamIdleMs: undefined, maxStreamMs: undefined },
  retry: undefined,
  mirrors: [],
};

/** Sends requests to targets, as the policy of a destination says, but for what a rule says instead. */
export function routeActionOf(
  targets: readonly Target[],
  { spec, policy }: Destination,
  instead: Instead,
  flavour: Viewer["flavour"],
  destinationOf: Destinations,
): RouteAction {
  const retryPolicy = retryPolicyOf(instead.retry ?? policy.retry, spec.protocol, flavour);
  const mirrors = flavour === "envoy" ? mirrorPoliciesOf(instead.mirrors, destinationOf) : [];
  return {
    clusterSpecifier: clustersOf(targets),
    ...timeLimitsOf(timeoutsOf(policy.timeouts, instead.timeouts), spec.protocol, flavour),
    ...(retryPolicy && { retryPolicy }),
    hashPolicy: [...hashPolicyOf(instead.hashOn ?? hashOnOf(policy.loadBalancer), flavour)],
    ...(mirrors.length > 0 && { requestMirrorPolicies: mirrors }),
  };
}

function clustersOf(targets: readonly Target[]): NonNullable<RouteAction["clusterSpecifier"]> {
  const [first, ...others] = targets;
  if (first && others.length === 0) return { case: "cluster", value: first.cluster };
  const clusters = targets.map(({ cluster, weight }) => ({ name: cluster, weight }));
  return { case: "weightedClusters", value: { clusters } };
}

function timeoutsOf(policy: Timeouts, { requestMs, streamIdleMs, maxStreamMs }: RouteTimeouts): Timeouts {
  return {
    ...policy,
    requestMs: requestMs === undefined ? policy.requestMs : requestMs || undefined,
    streamIdleMs: streamIdleMs ?? policy.streamIdleMs,
    maxStreamMs: maxStreamMs === undefined ? policy.maxStreamMs : maxStreamMs || undefined,
  };
}

/** Envoy adds `-shadow` to the host of a copy, so that who gets it can tell. */
function mirrorPoliciesOf(mirrors: RouteRule["mirrors"], destinationOf: Destinations) {
  return mirrors.flatMap(({ service, subset, percent }) => {
    const spec = destinationOf(service)?.spec;
    if (!spec || (subset !== undefined && !hasSubset(spec, subset))) return [];
    return [{ cluster: clusterName(spec, subset), runtimeFraction: { defaultValue: fractionOf(percent) } }];
  });
}
