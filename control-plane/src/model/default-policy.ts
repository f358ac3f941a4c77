import type { TrafficPolicy } from "./policy.ts";

/**
 * What holds for a service without a TrafficPolicy, and for every field that one leaves out. Where it differs from Envoy's
 * own defaults a measurement stands behind it: docs/decisions/0004-defaults.md.
 */
export const defaultPolicy: TrafficPolicy = {
  loadBalancer: { kind: "least-request", choices: 2, activeRequestBias: 1, slowStart: undefined },
  outlierDetection: {
    kind: "on",
    intervalMs: 5_000,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    // Envoy's 10 never ejects anything in a cluster of fewer than ten hosts.
    maxEjectionPercent: 100,
    consecutive5xxErrors: 5,
    consecutiveGatewayErrors: 5,
    failurePercentage: { enforcing: 100, threshold: 50, minimumHosts: 1, requestVolume: 10 },
    // Cannot see a whole data center failing: with half of the hosts bad, the deviation is as large as the mean.
    successRate: { enforcing: 0, minimumHosts: 5, requestVolume: 100, stdevFactor: 1900 },
  },
  // Envoy's 50 sends traffic to failing hosts as soon as two of three data centers fail.
  panicThreshold: 20,
  overprovisioningFactor: 140,
  circuitBreaker: {
    maxConnections: 4096,
    maxPendingRequests: 4096,
    maxRequests: 16_384,
    perEndpoint: { maxConnections: undefined },
  },
  retry: {
    kind: "on",
    attempts: 3,
    retryOn: ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
    perTryTimeoutMs: undefined,
    backOff: { baseMs: 25, maxMs: 250 },
    budget: { percent: 20, minRetryConcurrency: 100 },
  },
  timeouts: { connectMs: 1_000, requestMs: undefined, idleMs: 3_600_000 },
  healthCheck: { kind: "off" },
};
