import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { TrafficPolicySpec } from "../../model/policy.ts";
import { circuitBreaker, circuitBreakerOf } from "./circuit-breaker-field.ts";
import { connection, connectionOf } from "./connection-field.ts";
import { apiVersion, listTogether, metadata, nameOf, nameText, percent, withDefault } from "./document-fields.ts";
import { healthCheck, healthCheckOf } from "./health-check-field.ts";
import { loadBalancer, loadBalancerOf } from "./load-balancer-field.ts";
import { outlierDetection, outlierDetectionOf } from "./outlier-detection-field.ts";
import { isJsonObject } from "./plain-json.ts";
import { inbound, inboundOf } from "./rate-limit-field.ts";
import { retry, retryOf } from "./retry-field.ts";
import { timeouts, timeoutsOf } from "./timeouts-field.ts";

// The ranges here and in the …-field.ts files are those that Envoy 1.40 checks (its protos' validate rules, and the
// constructors behind them) and that gRPC clients need, so that a document which is accepted is never rejected there.

const defaults = defaultPolicy;

const targetRefs = listTogether(
  z
    .array(
      z.strictObject({
        kind: withDefault(z.literal("Service"), "Service", "Only services."),
        name: nameText.describe("The service's name."),
      }),
    )
    .min(1)
    .max(1000),
  listedTwice,
);

const spec = z.strictObject({
  targetRefs: targetRefs.describe("The services it is for; at most one policy for each."),
  loadBalancer: loadBalancer.prefault({}).describe("How an endpoint is chosen."),
  outlierDetection: outlierDetection
    .prefault({})
    .describe("Leaves out endpoints that answer badly; {enabled: false} turns it off."),
  panicThreshold: withDefault(
    percent(),
    defaults.panicThreshold,
    "Envoy only: percent of healthy endpoints below which all are used; 0 never.",
  ),
  overprovisioningFactor: withDefault(
    z.int().min(100).max(1000),
    defaults.overprovisioningFactor,
    "Envoy only, percent: 140 keeps a priority's traffic until fewer than 1/1.4 of its endpoints are healthy.",
  ),
  circuitBreaker: circuitBreaker.prefault({}).describe("Upper limits, for each client."),
  retry: retry.prefault({}).describe("What is tried again; {attempts: 0} turns it off."),
  timeouts: timeouts.prefault({}).describe("How long things may take."),
  connection: connection.prefault({}).describe("Envoy only: how connections to endpoints are kept."),
  healthCheck: healthCheck
    .optional()
    .describe("Envoy asks the endpoints itself; exactly one of grpc, http, tcp. Default: it does not."),
  inbound: inbound.prefault({}).describe("For sidecars of the service itself that take its calls in."),
});

export const trafficPolicyDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("TrafficPolicy").describe("How calls to services are balanced, limited, retried and checked."),
    metadata,
    spec: spec.describe("What holds for these services."),
  })
  .describe("A TrafficPolicy: how calls are balanced, limited, retried and checked. One for each service at most.");

export type TrafficPolicyDocument = z.output<typeof trafficPolicyDocument>;

/** What a TrafficPolicy document says, with every default filled in. */
export function trafficPolicyOf({ metadata, spec }: TrafficPolicyDocument): TrafficPolicySpec {
  const { panicThreshold, overprovisioningFactor } = spec;
  return {
    name: metadata.name,
    services: spec.targetRefs.map(({ name }) => nameOf(name)),
    policy: {
      loadBalancer: loadBalancerOf(spec.loadBalancer),
      outlierDetection: outlierDetectionOf(spec.outlierDetection),
      panicThreshold,
      overprovisioningFactor,
      circuitBreaker: circuitBreakerOf(spec.circuitBreaker),
      retry: retryOf(spec.retry),
      timeouts: timeoutsOf(spec.timeouts),
      connection: connectionOf(spec.connection),
      healthCheck: healthCheckOf(spec.healthCheck),
      inbound: inboundOf(spec.inbound),
    },
  };
}

function listedTwice(targets: readonly unknown[]) {
  const names = targets.map((target) => (isJsonObject(target) ? target["name"] : undefined));
  return names.flatMap((name, index) =>
    typeof name === "string" && names.indexOf(name) < index
      ? [{ path: [index, "name"], says: `"${name}" is listed twice` }]
      : [],
  );
}
