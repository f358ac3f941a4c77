import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import type { RouteActionSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { Timeouts } from "../../model/policy.ts";
import type { Protocol } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";

/** The fields of a route that say how long its requests may take. */
export type TimeLimits = Pick<
  MessageInitShape<typeof RouteActionSchema>,
  "timeout" | "maxStreamDuration" | "idleTimeout"
>;

/**
 * Envoy's own default, 15 s for a whole response, would end streams, so `timeout` is always said. A gRPC call is limited as
 * a stream: the limit then holds for streams of either direction and the caller gets DEADLINE_EXCEEDED, not UNAVAILABLE.
 * 0 for `grpc_timeout_header_max` is "the client's own deadline holds". It is said to gRPC clients as well: grpc-js-xds
 * 1.14.1 otherwise takes the listener's idle timeout for a deadline.
 */
export function timeLimitsOf(timeouts: Timeouts, protocol: Protocol, flavour: Viewer["flavour"]): TimeLimits {
  const { requestMs, maxStreamMs, idleMs, streamIdleMs = idleMs } = timeouts;
  if (flavour === "grpc") return { maxStreamDuration: asStream(shorter(requestMs, maxStreamMs)) };
  // In place of the listener's 5 minutes without a byte: a watched report may be quiet for longer.
  const idleTimeout = durationFromMs(streamIdleMs);
  if (protocol === "grpc")
    return { timeout: none(), maxStreamDuration: asStream(shorter(requestMs, maxStreamMs)), idleTimeout };
  return {
    timeout: durationFromMs(requestMs ?? 0),
    ...(maxStreamMs !== undefined && { maxStreamDuration: { maxStreamDuration: durationFromMs(maxStreamMs) } }),
    idleTimeout,
  };
}

function asStream(limitMs: number | undefined): TimeLimits["maxStreamDuration"] {
  if (limitMs === undefined) return { grpcTimeoutHeaderMax: none() };
  return { maxStreamDuration: durationFromMs(limitMs), grpcTimeoutHeaderMax: durationFromMs(limitMs) };
}

function shorter(...limitsMs: readonly (number | undefined)[]): number | undefined {
  const said = limitsMs.filter((limit) => limit !== undefined);
  return said.length === 0 ? undefined : Math.min(...said);
}

function none(): Duration {
  return durationFromMs(0);
}
