import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { HTTPFaultSchema } from "@weir/proto/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { LocalRateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import { RateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.ts";
import { RouterSchema } from "@weir/proto/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { StatefulSessionSchema } from "@weir/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import {
  type HttpFilter,
  HttpFilterSchema,
} from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Limiter, limiterFilterName, limiterOf } from "./global-rate-limit.ts";

/** The names by which routes address filters in `typed_per_filter_config`. */
export const faultFilterName = "envoy.filters.http.fault";
export const localRateLimitFilterName = "envoy.filters.http.local_ratelimit";
export const sessionFilterName = "envoy.filters.http.stateful_session";

/**
 * What a request passes in an Envoy. All but the router are off until a route turns them on, so that a listener stays the same
 * when a route gains a fault or a limit: Envoy drains the connections of a listener that changed. Only a rate-limit service
 * that nothing used before changes it, since how it is asked (where, how long, what if it is silent) stands in the filter.
 * Faults come first, so that a request that is refused on purpose takes no token.
 */
export function envoyHttpFilters(limiters: readonly Limiter[]): HttpFilter[] {
  return [
    disabled(filterOf(faultFilterName, HTTPFaultSchema, create(HTTPFaultSchema))),
    disabled(
      filterOf(localRateLimitFilterName, LocalRateLimitSchema, create(LocalRateLimitSchema, { statPrefix: "weir" })),
    ),
    ...limiters.map((limiter) => disabled(filterOf(limiterFilterName(limiter), RateLimitSchema, limiterOf(limiter)))),
    disabled(filterOf(sessionFilterName, StatefulSessionSchema, create(StatefulSessionSchema))),
    router(),
  ];
}

/**
 * A gRPC client knows faults (gRFC A33), and refuses a listener whose last filter is not the router, or with one that it does
 * not know and that is not optional (A39). It does not read `disabled`; a fault filter that says nothing does nothing.
 */
export function grpcHttpFilters(): HttpFilter[] {
  return [{ ...filterOf(faultFilterName, HTTPFaultSchema, create(HTTPFaultSchema)), isOptional: true }, router()];
}

function router(): HttpFilter {
  return filterOf("envoy.filters.http.router", RouterSchema, create(RouterSchema));
}

function filterOf<D extends DescMessage>(name: string, schema: D, config: MessageShape<D>): HttpFilter {
  return create(HttpFilterSchema, { name, configType: { case: "typedConfig", value: anyPack(schema, config) } });
}

function disabled(filter: HttpFilter): HttpFilter {
  return { ...filter, disabled: true };
}
