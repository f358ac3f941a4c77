import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type {
  HealthCheck,
  LoadBalancer,
  OutlierDetection,
  Retry,
  TrafficPolicy,
  TrafficPolicySpec,
} from "../../model/policy.ts";
import { apiVersion, count, exactlyOneOf, metadata, nameOf, nameText, percent, together } from "./document-fields.ts";
import { duration, durationMs, durationText, parseDuration } from "./duration.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";

// The ranges are those that Envoy 1.40 checks (its protos' validate rules, and the constructors behind them) and that gRPC
// clients need, so that a document which is accepted here is never rejected there.

const { outlierDetection: outliers, retry: retries, ...rest } = defaultPolicy;
if (outliers.kind !== "on" || retries.kind !== "on") throw new Error("the default policy must have these on");
const defaults = { ...rest, outlierDetection: outliers, retry: retries };

/** Envoy's and grpc-js's own limit. */
const largestRing = 8_388_608;

const withDefault = (text: string, value: unknown) => `${text} Default: ${value}.`;

const loadBalancer = together(
  z.strictObject({
    type: z
      .enum(["RoundRobin", "LeastRequest", "RingHash"])
      .default("LeastRequest")
      .describe(
        "How an endpoint is chosen. gRPC clients without least request use round robin. Default: LeastRequest.",
      ),
    choices: z
      .int()
      .min(2)
      .max(100)
      .optional()
      .describe("LeastRequest only: of so many random endpoints the one with the fewest requests. Default: 2."),
    consistentHash: z
      .strictObject({
        header: z
          .string()
          .max(256)
          .regex(
            /^(?!.*-bin$)[0-9a-z!#$%&'*+.^_|~-]+$/,
            "expected the name of a header in lower case, not ending in -bin",
          )
          .meta({ examples: ["x-report-id"] })
          .describe("Requests with the same value of this header go to the same endpoint."),
        minimumRingSize: z.int().min(1).max(largestRing).default(1024).describe("Entries at least. Default: 1024."),
        maximumRingSize: z
          .int()
          .min(1)
          .max(largestRing)
          .default(largestRing)
          .describe(`Entries at most; gRPC clients stay below 4096 of their own accord. Default: ${largestRing}.`),
      })
      .optional()
      .describe("RingHash only, and needed there."),
  }),
  (value, problem) => {
    const { type, consistentHash: hash } = value;
    if (value["choices"] !== undefined && type !== "LeastRequest")
      problem(["choices"], `is for LeastRequest, not ${type}`);
    if (hash !== undefined && type !== "RingHash") problem(["consistentHash"], `is for RingHash, not ${type}`);
    if (hash === undefined && type === "RingHash")
      problem([], "RingHash needs consistentHash: {header: …}, the header whose value decides");
    const [least, most] = isJsonObject(hash) ? [hash["minimumRingSize"], hash["maximumRingSize"]] : [];
    if (typeof least === "number" && typeof most === "number" && least > most)
      problem(["consistentHash", "minimumRingSize"], `${least} is more than maximumRingSize ${most}`);
  },
);

const { failurePercentage, successRate } = defaults.outlierDetection;

const outlierDetection = together(
  z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("false turns all of it off; the other fields then only wait. Default: true."),
    interval: duration({ minMs: 100 })
      .default(durationText(defaults.outlierDetection.intervalMs))
      .describe(
        withDefault("Time between two looks at all endpoints.", durationText(defaults.outlierDetection.intervalMs)),
      ),
    baseEjectionTime: duration({ minMs: 100 })
      .default(durationText(defaults.outlierDetection.baseEjectionMs))
      .describe(
        withDefault(
          "How long an endpoint is left out, times how often it was.",
          durationText(defaults.outlierDetection.baseEjectionMs),
        ),
      ),
    maxEjectionTime: duration({ minMs: 100 })
      .default(durationText(defaults.outlierDetection.maxEjectionMs))
      .describe(withDefault("The longest it is left out.", durationText(defaults.outlierDetection.maxEjectionMs))),
    maxEjectionPercent: percent()
      .default(defaults.outlierDetection.maxEjectionPercent)
      .describe(
        withDefault(
          "Percent of the endpoints that may be left out at once; Envoy's own 10 ejects nothing below ten endpoints.",
          defaults.outlierDetection.maxEjectionPercent,
        ),
      ),
    consecutive5xxErrors: count(0)
      .default(defaults.outlierDetection.consecutive5xxErrors)
      .describe(withDefault("Envoy only: errors in a row; 0 is off.", defaults.outlierDetection.consecutive5xxErrors)),
    consecutiveGatewayErrors: count(0)
      .default(defaults.outlierDetection.consecutiveGatewayErrors)
      .describe(
        withDefault(
          "Envoy only: 502, 503, 504 or no connection in a row; 0 is off.",
          defaults.outlierDetection.consecutiveGatewayErrors,
        ),
      ),
    failurePercentage: z
      .strictObject({
        enforcing: percent()
          .default(failurePercentage.enforcing)
          .describe(withDefault("Percent of the detections that eject; 0 is off.", failurePercentage.enforcing)),
        threshold: percent(1)
          .default(failurePercentage.threshold)
          .describe(
            withDefault("Percent of failed requests from which an endpoint is ejected.", failurePercentage.threshold),
          ),
        minimumHosts: count(1)
          .default(failurePercentage.minimumHosts)
          .describe(
            withDefault("Endpoints with enough requests, below which nothing is done.", failurePercentage.minimumHosts),
          ),
        requestVolume: count(1)
          .default(failurePercentage.requestVolume)
          .describe(withDefault("Requests in an interval that are enough.", failurePercentage.requestVolume)),
      })
      .prefault({})
      .describe("Ejects by the share of failed requests; Envoy and gRPC."),
    successRate: z
      .strictObject({
        enforcing: percent()
          .default(successRate.enforcing)
          .describe(withDefault("Percent of the detections that eject; 0 is off.", successRate.enforcing)),
        minimumHosts: count(1)
          .default(successRate.minimumHosts)
          .describe(
            withDefault("Endpoints with enough requests, below which nothing is done.", successRate.minimumHosts),
          ),
        requestVolume: count(1)
          .default(successRate.requestVolume)
          .describe(withDefault("Requests in an interval that are enough.", successRate.requestVolume)),
        stdevFactor: count(0)
          .default(successRate.stdevFactor)
          .describe(
            withDefault(
              "Thousandths of a standard deviation below the mean that are too far.",
              successRate.stdevFactor,
            ),
          ),
      })
      .prefault({})
      .describe("Ejects what is far worse than the mean; blind to a whole data center failing."),
  }),
  // Envoy: "outlier detector's max_ejection_time cannot be smaller than base_ejection_time".
  (value, problem) => notShorter(value, "baseEjectionTime", "maxEjectionTime", problem),
);

const circuitBreaker = z.strictObject({
  maxConnections: count(1)
    .default(defaults.circuitBreaker.maxConnections)
    .describe(withDefault("Envoy only.", defaults.circuitBreaker.maxConnections)),
  maxPendingRequests: count(1)
    .default(defaults.circuitBreaker.maxPendingRequests)
    .describe(
      withDefault("Envoy only: requests that wait for a connection.", defaults.circuitBreaker.maxPendingRequests),
    ),
  maxRequests: count(1)
    .default(defaults.circuitBreaker.maxRequests)
    .describe(
      withDefault("Requests in flight; the only one that gRPC clients apply.", defaults.circuitBreaker.maxRequests),
    ),
  perEndpoint: z
    .strictObject({
      maxConnections: count(1).optional().describe("Envoy only: connections to one endpoint. Default: no limit."),
    })
    .prefault({})
    .describe("Limits for each endpoint."),
});

const { backOff, budget } = defaults.retry;

const retry = z.strictObject({
  attempts: z
    .int()
    .min(0)
    .max(10)
    .default(defaults.retry.attempts)
    .describe(withDefault("Retries after the first try; 0 is off.", defaults.retry.attempts)),
  retryOn: z
    .array(z.enum(["CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"]))
    .min(1)
    .max(5)
    .default([...defaults.retry.retryOn])
    .describe(withDefault("gRPC status codes that are tried again.", `[${defaults.retry.retryOn.join(", ")}]`)),
  perTryTimeout: duration({ minMs: 1 }).optional().describe("Envoy only: limit of one try. Default: none of its own."),
  backOff: together(
    z.strictObject({
      baseInterval: duration({ minMs: 1 })
        .default(durationText(backOff.baseMs))
        .describe(withDefault("First wait; doubles, with jitter.", durationText(backOff.baseMs))),
      maxInterval: duration({ minMs: 1 })
        .default(durationText(backOff.maxMs))
        .describe(withDefault("Longest wait.", durationText(backOff.maxMs))),
    }),
    // Envoy: "retry_policy.max_interval must greater than or equal to the base_interval".
    (value, problem) => notShorter(value, "baseInterval", "maxInterval", problem),
  )
    .prefault({})
    .describe("How long to wait before a retry."),
  budget: z
    .strictObject({
      percent: percent()
        .default(budget.percent)
        .describe(withDefault("Percent of the active requests that may be retries.", budget.percent)),
      minRetryConcurrency: count(0)
        .default(budget.minRetryConcurrency)
        .describe(withDefault("Retries at a time that are always allowed.", budget.minRetryConcurrency)),
    })
    .prefault({})
    .describe("Envoy only: keeps retries from making an outage worse."),
});

const timeouts = z.strictObject({
  connect: duration({ minMs: 1 })
    .default(durationText(defaults.timeouts.connectMs))
    .describe(withDefault("To open a connection; Envoy only.", durationText(defaults.timeouts.connectMs))),
  request: duration({ minMs: 0 })
    .default("0s")
    .describe("For a whole request, streams too; 0s is no limit but the client's own deadline. Default: 0s."),
  idle: duration({ minMs: 0 })
    .default(durationText(defaults.timeouts.idleMs))
    .describe(
      withDefault(
        "Until a connection without requests is closed; 0s never. Envoy only.",
        durationText(defaults.timeouts.idleMs),
      ),
    ),
});

const healthCheck = exactlyOneOf(
  z.strictObject({
    grpc: z
      .strictObject({ serviceName: z.string().max(200).default("").describe("Default: empty, the server as a whole.") })
      .optional()
      .describe("grpc.health.v1; for services that speak GRPC or HTTP2."),
    http: z
      .strictObject({
        path: z
          .string()
          .max(1024)
          .regex(/^\/[\x21-\x7e]*$/, "expected a path that begins with /, of printable characters without spaces")
          .meta({ examples: ["/healthz"] })
          .describe("GET this; 200 is healthy."),
      })
      .optional()
      .describe("An HTTP request."),
    tcp: z.strictObject({}).optional().describe("That a connection opens is enough: {}."),
    interval: duration({ minMs: 100 }).default("3s").describe("Time between checks. Default: 3s."),
    timeout: duration({ minMs: 1 }).default("1s").describe("Time for an answer. Default: 1s."),
    healthyThreshold: z.int().min(1).max(100).default(1).describe("Good answers until it is used again. Default: 1."),
    unhealthyThreshold: z.int().min(1).max(100).default(3).describe("Bad answers until it is left out. Default: 3."),
  }),
  ["grpc", "http", "tcp"],
);

export const trafficPolicyDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("TrafficPolicy").describe("How calls to services are balanced, limited, retried and checked."),
    metadata,
    spec: z
      .strictObject({
        targetRefs: z
          .array(
            z.strictObject({
              kind: z.literal("Service").default("Service").describe("Only services. Default: Service."),
              name: nameText.describe("The service's name."),
            }),
          )
          .min(1)
          .max(1000)
          .superRefine((targets, context) => {
            for (const [index, { name }] of targets.entries())
              if (targets.findIndex((other) => other.name === name) < index)
                context.addIssue({ code: "custom", message: `"${name}" is listed twice`, path: [index, "name"] });
          })
          .describe("The services it is for; at most one policy for each."),
        loadBalancer: loadBalancer.prefault({}).describe("How an endpoint is chosen."),
        outlierDetection: outlierDetection
          .prefault({})
          .describe("Leaves out endpoints that answer badly; {enabled: false} turns it off."),
        panicThreshold: percent()
          .default(defaults.panicThreshold)
          .describe(
            withDefault(
              "Envoy only: percent of healthy endpoints below which all are used; 0 never.",
              defaults.panicThreshold,
            ),
          ),
        overprovisioningFactor: z
          .int()
          .min(100)
          .max(1000)
          .default(defaults.overprovisioningFactor)
          .describe(
            withDefault(
              "Envoy only, percent: 140 keeps a priority's traffic until fewer than 1/1.4 of its endpoints are healthy.",
              defaults.overprovisioningFactor,
            ),
          ),
        circuitBreaker: circuitBreaker.prefault({}).describe("Upper limits, for each client."),
        retry: retry.prefault({}).describe("What is tried again; {attempts: 0} turns it off."),
        timeouts: timeouts.prefault({}).describe("How long things may take."),
        healthCheck: healthCheck
          .optional()
          .describe("Envoy asks the endpoints itself; exactly one of grpc, http, tcp. Default: it does not."),
      })
      .describe("What holds for these services."),
  })
  .describe("A TrafficPolicy: how calls are balanced, limited, retried and checked. One for each service at most.");

export type TrafficPolicyDocument = z.output<typeof trafficPolicyDocument>;
type Spec = TrafficPolicyDocument["spec"];

/** What a TrafficPolicy document says, with every default filled in. */
export function trafficPolicyOf({ metadata, spec }: TrafficPolicyDocument): TrafficPolicySpec {
  const { panicThreshold, overprovisioningFactor, circuitBreaker, timeouts } = spec;
  const policy: TrafficPolicy = {
    loadBalancer: loadBalancerOf(spec.loadBalancer),
    outlierDetection: outlierDetectionOf(spec.outlierDetection),
    panicThreshold,
    overprovisioningFactor,
    circuitBreaker: {
      ...circuitBreaker,
      perEndpoint: { maxConnections: circuitBreaker.perEndpoint.maxConnections },
    },
    retry: retryOf(spec.retry),
    timeouts: {
      connectMs: durationMs(timeouts.connect),
      requestMs: durationMs(timeouts.request) || undefined,
      idleMs: durationMs(timeouts.idle),
    },
    healthCheck: healthCheckOf(spec.healthCheck),
  };
  return { name: metadata.name, services: spec.targetRefs.map(({ name }) => nameOf(name)), policy };
}

function loadBalancerOf({ type, choices, consistentHash }: Spec["loadBalancer"]): LoadBalancer {
  if (type === "RoundRobin") return { kind: "round-robin" };
  if (consistentHash) return { kind: "ring-hash", ...consistentHash };
  return { kind: "least-request", choices: choices ?? 2 };
}

function outlierDetectionOf({ enabled, ...spec }: Spec["outlierDetection"]): OutlierDetection {
  if (!enabled) return { kind: "off" };
  const { interval, baseEjectionTime, maxEjectionTime, ...same } = spec;
  return {
    kind: "on",
    ...same,
    intervalMs: durationMs(interval),
    baseEjectionMs: durationMs(baseEjectionTime),
    maxEjectionMs: durationMs(maxEjectionTime),
  };
}

function retryOf({ attempts, retryOn, perTryTimeout, backOff, budget }: Spec["retry"]): Retry {
  if (attempts === 0) return { kind: "off" };
  return {
    kind: "on",
    attempts,
    retryOn: [...new Set(retryOn)],
    perTryTimeoutMs: perTryTimeout === undefined ? undefined : durationMs(perTryTimeout),
    backOff: { baseMs: durationMs(backOff.baseInterval), maxMs: durationMs(backOff.maxInterval) },
    budget,
  };
}

function healthCheckOf(spec: Spec["healthCheck"]): HealthCheck {
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

function notShorter(value: JsonObject, base: string, max: string, problem: (path: string[], says: string) => void) {
  const [least, most] = [value[base], value[max]];
  if (typeof least !== "string" || typeof most !== "string") return;
  if ((parseDuration(least) ?? 0) > (parseDuration(most) ?? Number.POSITIVE_INFINITY))
    problem([base], `${least} is longer than ${max} (${most})`);
}
