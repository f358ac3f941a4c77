import { capabilitiesText, type GrpcCapabilities } from "../model/grpc-capabilities.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { RouteSpec } from "../model/route.ts";
import type { Viewer } from "../model/viewer.ts";
import { policyFor, ruleFor } from "./fitted-policy.ts";
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

function routeFor(route: RouteSpec, grpc: GrpcCapabilities): RouteSpec {
  const rules = sameIfEqual(
    route.rules,
    route.rules.map((rule) => ruleFor(rule, grpc)),
  );
  return rules === route.rules ? route : { ...route, rules };
}

function sameIfEqual<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return after.every((each, index) => each === before[index]) ? before : after;
}
