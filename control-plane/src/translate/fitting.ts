import { capabilitiesText, type GrpcCapabilities } from "../model/grpc-capabilities.ts";
import type { LoadBalancer, Retry, TrafficPolicy } from "../model/policy.ts";
import type { RouteRule, RouteSpec } from "../model/route.ts";
import type { Viewer } from "../model/viewer.ts";
import { createMemory } from "./memory.ts";

/** What operators want, as far as a client can be told of it. What fits as it is stays the very same object. */
export type Fitting = {
  policy(policy: TrafficPolicy, viewer: Viewer): TrafficPolicy;
  routes(routes: readonly RouteSpec[], viewer: Viewer): readonly RouteSpec[];
  /** What a policy was changed to fit: `node`; empty for one that is as it was written. */
  textOf(policy: TrafficPolicy | undefined): string;
};

/**
 * Takes out of policies and routes what a gRPC client would refuse or misread, by the library that it is and what its version
 * lacks; all that follows then treats gRPC clients alike. Equal wishes and clients give equal objects.
 */
export function createFitting(): Fitting {
  const policies = createMemory<TrafficPolicy>();
  const routes = createMemory<RouteSpec>();
  const lists = createMemory<readonly RouteSpec[]>();
  const texts = new WeakMap<TrafficPolicy, string>();

  return {
    policy(policy, viewer) {
      if (viewer.flavour === "envoy") return policy;
      const key = capabilitiesText(viewer.grpc);
      return policies(policy, clients, key, () => {
        const fitted = policyFor(policy, viewer.grpc);
        if (fitted !== policy) texts.set(fitted, key);
        return fitted;
      });
    },
    routes(all, viewer) {
      if (viewer.flavour === "envoy" || all.length === 0) return all;
      const key = capabilitiesText(viewer.grpc);
      return lists(all, clients, key, () =>
        sameIfEqual(
          all,
          all.map((route) => routes(route, clients, key, () => routeFor(route, viewer.grpc))),
        ),
      );
    },
    textOf: (policy) => (policy && texts.get(policy)) ?? "",
  };
}

/** In place of an object that a result does not depend on. */
const clients = {};

function policyFor(policy: TrafficPolicy, grpc: GrpcCapabilities): TrafficPolicy {
  const retry = retryFor(policy.retry, grpc);
  const loadBalancer = loadBalancerFor(policy.loadBalancer, grpc);
  return retry === policy.retry && loadBalancer === policy.loadBalancer ? policy : { ...policy, retry, loadBalancer };
}

function routeFor(route: RouteSpec, grpc: GrpcCapabilities): RouteSpec {
  const rules = sameIfEqual(
    route.rules,
    route.rules.map((rule) => ruleFor(rule, grpc)),
  );
  return rules === route.rules ? route : { ...route, rules };
}

function ruleFor(rule: RouteRule, grpc: GrpcCapabilities): RouteRule {
  const retry = rule.retry && retryFor(rule.retry, grpc);
  return retry === rule.retry ? rule : { ...rule, retry };
}

/** Below a second. */
const longestForNode = 999;

/** grpc-js-xds 1.14.1 decodes seconds as text and adds the rest to it: 1s becomes `"1" + 0`, which is 10 s. */
function retryFor(retry: Retry, { implementation }: GrpcCapabilities): Retry {
  if (retry.kind === "off" || implementation !== "node") return retry;
  const { baseMs, maxMs } = retry.backOff;
  if (baseMs <= longestForNode && maxMs <= longestForNode) return retry;
  const backOff = { baseMs: Math.min(baseMs, longestForNode), maxMs: Math.min(maxMs, longestForNode) };
  return { ...retry, backOff };
}

/**
 * A cluster with a policy that a client does not know is refused, and with it every other of the response (gRFC A27). The weighted
 * round robin of grpc-js 1.14, off unless its environment says so, sends a new endpoint nothing, so that it never reports a
 * load, and so on for ever; and it reads no `cpu_utilization`.
 */
function loadBalancerFor(balancer: LoadBalancer, { implementation, lacks }: GrpcCapabilities): LoadBalancer {
  const isByHash = balancer.kind === "ring-hash" || balancer.kind === "maglev";
  const isStarved = balancer.kind === "weighted-round-robin" && implementation === "node";
  if (isStarved || (isByHash && lacks.includes("ring-hash"))) return { kind: "round-robin", slowStart: undefined };
  return balancer;
}

function sameIfEqual<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return after.every((each, index) => each === before[index]) ? before : after;
}
