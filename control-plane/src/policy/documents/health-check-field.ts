import { z } from "zod";
import type { HealthCheck } from "../../model/policy.ts";
import { exactlyOneOf, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";

const threshold = z.int().min(1).max(100);

const path = z
  .string()
  .max(1024)
  .regex(/^\/[\x21-\x7e]*$/, "expected a path that begins with /, of printable characters without spaces")
  .meta({ examples: ["/healthz"] });

export const healthCheck = exactlyOneOf(
  z.strictObject({
    grpc: z
      .strictObject({ serviceName: z.string().max(200).default("").describe("Default: empty, the server as a whole.") })
      .optional()
      .describe("grpc.health.v1; for services that speak GRPC or HTTP2."),
    http: z
      .strictObject({ path: path.describe("GET this; 200 is healthy.") })
      .optional()
      .describe("An HTTP request."),
    tcp: z.strictObject({}).optional().describe("That a connection opens is enough: {}."),
    interval: withDefault(duration({ minMs: 100 }), "3s", "Time between checks."),
    timeout: withDefault(duration({ minMs: 1 }), "1s", "Time for an answer."),
    healthyThreshold: withDefault(threshold, 1, "Good answers until it is used again."),
    unhealthyThreshold: withDefault(threshold, 3, "Bad answers until it is left out."),
  }),
  ["grpc", "http", "tcp"],
);

/** What `spec.healthCheck` says. */
export function healthCheckOf(spec: z.output<typeof healthCheck> | undefined): HealthCheck {
  if (spec === undefined) return { kind: "off" };
  const { grpc, http, interval, timeout, healthyThreshold, unhealthyThreshold } = spec;
  return {
    kind: "on",
    check: grpc ? { kind: "grpc", ...grpc } : http ? { kind: "http", ...http } : { kind: "tcp" },
    intervalMs: durationMs(interval),
    timeoutMs: durationMs(timeout),
    healthyThreshold,
    unhealthyThreshold,
  };
}
