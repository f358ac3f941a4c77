import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { HTTPFaultSchema } from "@weir/proto/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { LocalRateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import { RateLimitPerRouteSchema } from "@weir/proto/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.ts";
import { StatefulSessionPerRouteSchema } from "@weir/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { byText } from "../../lib/order.ts";
import type { ServiceName } from "../../model/names.ts";
import type { RateLimit } from "../../model/rate-limit.ts";
import type { Fault, RouteMatch, RouteRule } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import { sessionAffinityOf } from "../route/session-affinity.ts";
import { httpFaultOf } from "./fault.ts";
import { globalRateLimitOf, type Limiter, limiterFilterName } from "./global-rate-limit.ts";
import { faultFilterName, localRateLimitFilterName, sessionFilterName } from "./http-filters.ts";
import { localRateLimitOf } from "./local-rate-limit.ts";

type Filtered = Pick<RouteRule, "fault" | "rateLimit"> & Partial<Pick<RouteRule, "sessionAffinity">>;

/**
 * What turns filters on for the routes of a rule: their `typedPerFilterConfig`. `name` stands in front of the counters of its
 * local limit; `limiters` are those that the listener has.
 */
export function filterOverridesOf(
  { fault, rateLimit, sessionAffinity }: Filtered,
  flavour: Viewer["flavour"],
  { name, limiters }: { readonly name: string; readonly limiters: readonly Limiter[] },
): Record<string, Any> {
  return {
    ...(fault && readsFault(fault, flavour) && { [faultFilterName]: anyPack(HTTPFaultSchema, httpFaultOf(fault)) }),
    ...(flavour === "envoy" && rateLimit && limitsOf(rateLimit, name, limiters)),
    ...(flavour === "envoy" &&
      sessionAffinity && {
        [sessionFilterName]: anyPack(StatefulSessionPerRouteSchema, sessionAffinityOf(sessionAffinity)),
      }),
  };
}

/** gRPC clients pass over the headers that a fault is for (gRFC A33), and would do it to every call: see `faultyMatch`. */
function readsFault({ onHeaders }: Fault, flavour: Viewer["flavour"]): boolean {
  return flavour === "envoy" || onHeaders.length === 0;
}

/**
 * The requests of a match that a gRPC client is to do a fault to, where that looks at headers: they get a route of their own,
 * before the one for all. Not of a match that is for a part of the requests only, whose dice would be thrown twice.
 */
export function faultyMatch({ onHeaders }: Fault, match: RouteMatch): RouteMatch | undefined {
  if (onHeaders.length === 0 || match.percent < 100) return undefined;
  return { ...match, headers: [...match.headers, ...onHeaders] };
}

/** Does a client do this fault to the requests of such a match? */
export function takesFault(
  fault: Fault,
  flavour: Viewer["flavour"],
  { percent }: Pick<RouteMatch, "percent">,
): boolean {
  return readsFault(fault, flavour) || percent === 100;
}

/** The rate-limit services that rules ask, each way of asking once, by name; only those that can be reached. */
export function limitersOf(
  rules: readonly Filtered[],
  canReach: (service: ServiceName) => boolean,
): readonly Limiter[] {
  const asked = rules.flatMap(({ rateLimit }) => rateLimit?.global ?? []).filter(({ service }) => canReach(service));
  const byName = new Map(
    asked.map(({ service, failOpen, timeoutMs }) => {
      const limiter = { service, failOpen, timeoutMs };
      return [limiterFilterName(limiter), limiter];
    }),
  );
  return [...byName].sort(([a], [b]) => byText(a, b)).map(([, limiter]) => limiter);
}

function limitsOf({ local, global }: RateLimit, name: string, limiters: readonly Limiter[]): Record<string, Any> {
  const limiter = global && limiterFilterName(global);
  const isThere = limiters.some((each) => limiterFilterName(each) === limiter);
  return {
    ...(local && { [localRateLimitFilterName]: anyPack(LocalRateLimitSchema, localRateLimitOf(local, name)) }),
    ...(global && limiter && isThere && { [limiter]: anyPack(RateLimitPerRouteSchema, globalRateLimitOf(global)) }),
  };
}
