import type { HealthCheck, TrafficPolicy } from "./policy.ts";

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
    maxJitterMs: 5_000,
    consecutive5xxErrors: 5,
    enforcingConsecutive5xxErrors: 100,
    consecutiveGatewayErrors: 5,
    enforcingConsecutiveGatewayErrors: 100,
    localOrigin: undefined,
    successfulActiveHealthCheckUnejectHost: true,
    alwaysEjectOneHost: false,
    detectDegradedHosts: false,
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
    maxRetries: undefined,
    perEndpoint: { maxConnections: undefined },
  },
  retry: {
    kind: "on",
    attempts: 3,
    retryOn: ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
    conditions: [],
    statusCodes: [],
    headers: [],
    perTryTimeoutMs: undefined,
    perTryIdleTimeoutMs: undefined,
    backOff: { baseMs: 25, maxMs: 250 },
    rateLimitedBackOff: undefined,
    budget: { percent: 20, minRetryConcurrency: 100, intervalMs: 0 },
    otherHost: { selectionAttempts: 5 },
    otherPriority: undefined,
  },
  timeouts: {
    connectMs: 1_000,
    requestMs: undefined,
    idleMs: 3_600_000,
    streamIdleMs: undefined,
    maxStreamMs: undefined,
  },
  connection: {
    tcpKeepalive: { kind: "on", idleMs: 30_000, intervalMs: 5_000, probes: 3 },
    ping: { afterIdleMs: 30_000, intervalMs: undefined, timeoutMs: 5_000 },
    maxConcurrentStreams: undefined,
    maxRequestsPerConnection: undefined,
    maxConnectionMs: undefined,
    preconnect: 1,
    drainOnEndpointChange: false,
  },
  healthCheck: { kind: "off" },
  inbound: { rateLimit: undefined },
};

/** What holds for a health check that is asked for and says no more. */
export const defaultChecking: Omit<Extract<HealthCheck, { readonly kind: "on" }>, "kind" | "check"> = {
  intervalMs: 3_000,
  timeoutMs: 1_000,
  healthyThreshold: 1,
  unhealthyThreshold: 3,
  initialJitterMs: 0,
  intervalJitterMs: 0,
  intervalJitterPercent: 0,
  noTrafficIntervalMs: undefined,
  noTrafficHealthyIntervalMs: undefined,
  unhealthyIntervalMs: undefined,
  unhealthyEdgeIntervalMs: undefined,
  healthyEdgeIntervalMs: undefined,
  reuseConnection: true,
  perLocality: [],
};
