import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type HealthCheck, HealthCheckSchema } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import { CodecClientType } from "@weir/proto/envoy/type/v3/http_pb.ts";
import { never } from "../lib/exhaustive.ts";
import type { Problem } from "../lib/parsed.ts";
import type { HealthCheck as Policy } from "../model/policy.ts";
import type { Protocol, ServiceSpec } from "../model/service.ts";

/** The checks that Envoy does itself; gRPC clients do none. */
export function healthChecksOf(policy: Policy, { name, protocol }: ServiceSpec): readonly HealthCheck[] {
  if (policy.kind === "off" || healthCheckProblem(policy, protocol)) return [];
  const interval = durationFromMs(policy.intervalMs);
  return [
    create(HealthCheckSchema, {
      interval,
      timeout: durationFromMs(policy.timeoutMs),
      healthyThreshold: policy.healthyThreshold,
      unhealthyThreshold: policy.unhealthyThreshold,
      // Envoy's 60 s until the first request: the first callers would meet endpoints that nobody has looked at.
      noTrafficInterval: interval,
      healthChecker: checkerOf(policy.check, name, protocol),
    }),
  ];
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
  check: Extract<Policy, { readonly kind: "on" }>["check"],
  host: string,
  protocol: Protocol,
): NonNullable<MessageInitShape<typeof HealthCheckSchema>["healthChecker"]> {
  switch (check.kind) {
    case "grpc":
      return { case: "grpcHealthCheck", value: { serviceName: check.serviceName } };
    case "http": {
      const codecClientType = protocol === "http1" ? CodecClientType.HTTP1 : CodecClientType.HTTP2;
      return { case: "httpHealthCheck", value: { host, path: check.path, codecClientType } };
    }
    case "tcp":
      return { case: "tcpHealthCheck", value: {} };
    default:
      return never(check);
  }
}
