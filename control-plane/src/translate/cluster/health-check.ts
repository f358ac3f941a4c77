import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { RequestMethod } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import {
  type HealthCheck,
  type HealthCheck_PayloadSchema,
  HealthCheckSchema,
} from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import type { Endpoint_HealthCheckConfigSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { CodecClientType } from "@weir/proto/envoy/type/v3/http_pb.ts";
import type { Int64RangeSchema } from "@weir/proto/envoy/type/v3/range_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { Problem } from "../../lib/parsed.ts";
import type { Check, StatusRange } from "../../model/health-check.ts";
import { type Locality, matchesLocality, patternDepth } from "../../model/locality.ts";
import type { LocalityCheck, HealthCheck as Policy, TrafficPolicy } from "../../model/policy.ts";
import type { Protocol, ServiceSpec } from "../../model/service.ts";

/** The checks that Envoy does itself; gRPC clients do none. */
export function healthChecksOf(policy: Policy, { name, protocol }: ServiceSpec): readonly HealthCheck[] {
  if (policy.kind === "off" || healthCheckProblem(policy, protocol)) return [];
  const { noTrafficIntervalMs = policy.intervalMs } = policy;
  return [
    create(HealthCheckSchema, {
      interval: durationFromMs(policy.intervalMs),
      timeout: durationFromMs(policy.timeoutMs),
      healthyThreshold: policy.healthyThreshold,
      unhealthyThreshold: policy.unhealthyThreshold,
      // Envoy's 60 s until the first request: the first callers would meet endpoints that nobody has looked at.
      noTrafficInterval: durationFromMs(noTrafficIntervalMs),
      ...jitterOf(policy),
      ...optionally("noTrafficHealthyInterval", policy.noTrafficHealthyIntervalMs),
      ...optionally("unhealthyInterval", policy.unhealthyIntervalMs),
      ...optionally("unhealthyEdgeInterval", policy.unhealthyEdgeIntervalMs),
      ...optionally("healthyEdgeInterval", policy.healthyEdgeIntervalMs),
      ...(!policy.reuseConnection && { reuseConnection: false }),
      healthChecker: checkerOf(policy.check, name, protocol),
    }),
  ];
}

export type LocalityChecks = readonly LocalityCheck[];

/** What is different about checking the endpoints of some places; the same object for the same policy. */
export function checksByLocality({ healthCheck }: TrafficPolicy): LocalityChecks | undefined {
  return healthCheck.kind === "on" && healthCheck.perLocality.length > 0 ? healthCheck.perLocality : undefined;
}

/** The narrowest that names the locality. */
export function localityCheckOf(checks: LocalityChecks, locality: Locality): LocalityCheck | undefined {
  return checks
    .filter((check) => matchesLocality(check.locality, locality))
    .sort((a, b) => patternDepth(b.locality) - patternDepth(a.locality))[0];
}

export function healthCheckConfigOf({
  disabled,
  port,
  host,
}: LocalityCheck): MessageInitShape<typeof Endpoint_HealthCheckConfigSchema> {
  return {
    disableActiveHealthCheck: disabled,
    ...(port !== undefined && { portValue: port }),
    ...(host !== undefined && { hostname: host }),
  };
}

/** Envoy refuses a cluster that is to be checked over gRPC while it speaks HTTP/1. */
export function healthCheckProblem(policy: Policy, protocol: Protocol): Problem | undefined {
  if (policy.kind === "off" || policy.check.kind !== "grpc" || protocol === "grpc" || protocol === "http2")
    return undefined;
  return {
    at: "healthCheck.grpc",
    says: `is not done: the service's protocol is ${protocol.toUpperCase()}, and a gRPC check needs GRPC or HTTP2; use http or tcp`,
  };
}

function checkerOf(
  check: Check,
  service: string,
  protocol: Protocol,
): NonNullable<MessageInitShape<typeof HealthCheckSchema>["healthChecker"]> {
  switch (check.kind) {
    case "grpc": {
      const { serviceName, authority = "" } = check;
      return { case: "grpcHealthCheck", value: { serviceName, authority } };
    }
    case "http": {
      const { path, host = service, method, expectedStatuses, retriableStatuses } = check;
      const codecClientType = protocol === "http1" ? CodecClientType.HTTP1 : CodecClientType.HTTP2;
      return {
        case: "httpHealthCheck",
        value: {
          host,
          path,
          codecClientType,
          ...(method !== "GET" && { method: RequestMethod[method] }),
          expectedStatuses: expectedStatuses.map(int64Range),
          retriableStatuses: retriableStatuses.map(int64Range),
        },
      };
    }
    case "tcp": {
      const { send, receive } = check;
      return {
        case: "tcpHealthCheck",
        value: { ...(send && { send: payloadOf(send) }), receive: receive.map(payloadOf) },
      };
    }
    default:
      return never(check);
  }
}

function jitterOf({
  initialJitterMs,
  intervalJitterMs,
  intervalJitterPercent,
}: Extract<Policy, { readonly kind: "on" }>) {
  return {
    ...(initialJitterMs > 0 && { initialJitter: durationFromMs(initialJitterMs) }),
    ...(intervalJitterMs > 0 && { intervalJitter: durationFromMs(intervalJitterMs) }),
    intervalJitterPercent,
  };
}

function optionally<Field extends string>(
  field: Field,
  ms: number | undefined,
): { readonly [name in Field]?: Duration } {
  return ms === undefined ? {} : ({ [field]: durationFromMs(ms) } as { readonly [name in Field]: Duration });
}

/** Envoy's ranges end before their end. */
function int64Range({ from, to }: StatusRange): MessageInitShape<typeof Int64RangeSchema> {
  return { start: BigInt(from), end: BigInt(to + 1) };
}

/** Envoy's text is hexadecimal. */
function payloadOf(bytes: Uint8Array): MessageInitShape<typeof HealthCheck_PayloadSchema> {
  return { payload: { case: "text", value: Buffer.from(bytes).toString("hex") } };
}
