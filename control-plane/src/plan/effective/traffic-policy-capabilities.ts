import {
  approximated,
  byWeir,
  type Capability,
  capability,
  envoys,
  ignored,
  obeyed,
  since,
  tried,
} from "./capability.ts";
import { hashCapabilities } from "./hash-capabilities.ts";
import { retryCapabilities } from "./retry-capabilities.ts";
import { timeoutCapabilities } from "./timeout-capabilities.ts";

const loadBalancers = "load balancing, supported load balancers";
const roundRobin = (source: string) => approximated("round robin", source);

const noPanic = "there is no panic: where nothing is left, calls fail";
const inARow = "calls are counted in an interval, not errors in a row: failurePercentage and successRate stand in";
const ownChannel = "the client's own channel options hold";
const noChecks = "it checks nothing itself; the health that sources tell Weir holds";
const outliers = "outlier detection";

/** What clients make of a TrafficPolicy. */
export const trafficPolicyCapabilities: readonly Capability[] = [
  byWeir("targetRefs", { whole: true }),

  capability("loadBalancer.type", {
    value: "RoundRobin",
    envoy: envoys(loadBalancers),
    grpc: obeyed("gRFC A27"),
  }),
  capability("loadBalancer.type", {
    value: "LeastRequest",
    envoy: envoys(loadBalancers),
    grpc: since("A48", roundRobin("gRFC A48"), obeyed("measured")),
    core: roundRobin("measured"),
    node: roundRobin("measured"),
    other: roundRobin("gRFC A48"),
  }),
  capability("loadBalancer.type", {
    value: "Random",
    envoy: envoys(loadBalancers),
    grpc: roundRobin("gRFC A52"),
  }),
  capability("loadBalancer.type", {
    value: "RingHash",
    envoy: envoys(loadBalancers),
    grpc: since("A42", roundRobin("gRFC A42"), obeyed("measured")),
  }),
  capability("loadBalancer.type", {
    value: "Maglev",
    envoy: envoys(loadBalancers),
    grpc: since("A42", roundRobin("gRFC A42"), approximated("ring hash by the same keys", "gRFC A42")),
  }),
  capability("loadBalancer.type", {
    value: "WeightedRoundRobin",
    envoy: envoys("client-side weighted round robin"),
    grpc: since("A58", roundRobin("gRFC A58"), obeyed("measured")),
    node: roundRobin("measured"),
    other: roundRobin("gRFC A58"),
  }),
  capability("loadBalancer.choices", {
    envoy: envoys(loadBalancers),
    grpc: since("A48", ignored("it uses round robin", "gRFC A48")),
    core: ignored("it uses round robin", "measured"),
    node: ignored("it uses round robin", "measured"),
    other: ignored("it uses round robin", "gRFC A48"),
  }),
  capability("loadBalancer.activeRequestBias", {
    envoy: envoys(loadBalancers),
    grpc: ignored("requests in flight are compared without weights", "gRFC A48"),
  }),
  ...hashCapabilities("loadBalancer.consistentHash"),
  capability("loadBalancer.consistentHash.minimumRingSize", {
    envoy: envoys(loadBalancers),
    grpc: since("A42", undefined, approximated("at most 4096 entries", "gRFC A42")),
  }),
  capability("loadBalancer.consistentHash.maximumRingSize", {
    envoy: envoys(loadBalancers),
    grpc: since("A42", undefined, approximated("at most 4096 entries", "gRFC A42")),
  }),
  capability("loadBalancer.consistentHash.tableSize", {
    envoy: envoys(loadBalancers),
    grpc: ignored("it uses ring hash", "gRFC A42"),
  }),
  capability("loadBalancer.consistentHash.balanceFactor", {
    envoy: envoys(loadBalancers),
    grpc: ignored("an endpoint gets all requests of its keys", "gRFC A42"),
  }),
  ...[
    "blackoutPeriod",
    "weightExpirationPeriod",
    "weightUpdatePeriod",
    "errorUtilizationPenalty",
    "outOfBand.period",
  ].map((name) =>
    capability(`loadBalancer.weightedRoundRobin.${name}`, {
      envoy: envoys("client-side weighted round robin"),
      grpc: since("A58", ignored("it uses round robin", "gRFC A58")),
      other: ignored("it may use round robin", "gRFC A58"),
    }),
  ),
  capability("loadBalancer.weightedRoundRobin.outOfBand.port", {
    envoy: envoys("client-side weighted round robin"),
    grpc: ignored("reports are asked for where the endpoint serves", "gRFC A58"),
  }),
  capability("loadBalancer.weightedRoundRobin.metrics", {
    envoy: envoys("client-side weighted round robin"),
    grpc: ignored("the application's utilization counts, else the CPU's", "gRFC A58"),
  }),
  capability("loadBalancer.slowStart", {
    whole: true,
    envoy: envoys("slow start mode"),
    grpc: ignored("a new endpoint gets its full share at once", "gRFC A27"),
  }),

  capability("outlierDetection.enabled", { envoy: envoys(outliers), grpc: tried("A50") }),
  ...["interval", "baseEjectionTime", "maxEjectionTime"].map((name) =>
    capability(`outlierDetection.${name}`, { envoy: envoys(outliers), grpc: tried("A50") }),
  ),
  capability("outlierDetection.maxEjectionPercent", {
    where: { says: "below 100", holds: (value) => Number(value) < 100 },
    envoy: envoys(outliers),
    grpc: since(
      "A50",
      undefined,
      approximated("counted in each priority; the endpoint that crosses it goes too", "gRFC A50"),
    ),
  }),
  capability("outlierDetection.maxEjectionPercent", { envoy: envoys(outliers), grpc: since("A50") }),
  capability("outlierDetection.consecutive5xxErrors", { envoy: envoys(outliers), grpc: ignored(inARow, "gRFC A50") }),
  capability("outlierDetection.consecutiveGatewayErrors", {
    envoy: envoys(outliers),
    grpc: ignored(inARow, "gRFC A50"),
  }),
  ...["enforcingConsecutive5xxErrors", "enforcingConsecutiveGatewayErrors"].map((name) =>
    capability(`outlierDetection.${name}`, { envoy: envoys(outliers), grpc: ignored(inARow, "gRFC A50") }),
  ),
  capability("outlierDetection.maxEjectionTimeJitter", {
    envoy: envoys(outliers),
    grpc: ignored("endpoints ejected together come back together", "gRFC A50"),
  }),
  capability("outlierDetection.alwaysEjectOneHost", {
    envoy: envoys(outliers),
    grpc: ignored("it always may eject one", "gRFC A50"),
  }),
  capability("outlierDetection.successfulActiveHealthCheckUnejectHost", {
    envoy: envoys(outliers),
    grpc: ignored(noChecks, "gRFC A50"),
  }),
  capability("outlierDetection.detectDegradedHosts", {
    envoy: envoys(outliers, [1, 38]),
    grpc: ignored("it knows no degraded endpoints", "gRFC A27"),
  }),
  capability("outlierDetection.localOrigin", {
    whole: true,
    envoy: envoys(outliers),
    grpc: ignored("calls that no connection could be made for count as failed like all others", "gRFC A50"),
  }),
  ...["enforcing", "threshold", "minimumHosts", "requestVolume"].map((name) =>
    capability(`outlierDetection.failurePercentage.${name}`, { envoy: envoys(outliers), grpc: tried("A50") }),
  ),
  ...["enforcing", "minimumHosts", "requestVolume", "stdevFactor"].map((name) =>
    capability(`outlierDetection.successRate.${name}`, { envoy: envoys(outliers), grpc: since("A50") }),
  ),

  capability("panicThreshold", {
    envoy: envoys("load balancing, panic threshold"),
    grpc: ignored(noPanic, "gRFC A27"),
  }),
  capability("overprovisioningFactor", {
    envoy: envoys("load balancing, overprovisioning factor"),
    grpc: approximated("Weir moves weights as health falls: the client itself has none", "gRFC A27"),
  }),

  capability("circuitBreaker.maxRequests", {
    envoy: envoys("circuit breaking"),
    grpc: tried("A32"),
    node: since("A32", undefined, approximated("calls that begin in the same instant are not counted", "measured")),
  }),
  ...["maxConnections", "maxPendingRequests", "maxRetries", "perEndpoint.maxConnections"].map((name) =>
    capability(`circuitBreaker.${name}`, {
      envoy: envoys("circuit breaking"),
      grpc: ignored("one connection for each endpoint; maxRequests limits", "gRFC A32"),
    }),
  ),

  ...retryCapabilities("retry"),
  ...["percent", "minRetryConcurrency", "interval"].map((name) =>
    capability(`retry.budget.${name}`, {
      envoy: envoys("circuit breaking"),
      grpc: ignored("it throttles by the service config of its own application, if that has one", "gRFC A6"),
    }),
  ),

  ...timeoutCapabilities("timeouts"),
  capability("timeouts.connect", { envoy: envoys("timeouts"), grpc: ignored(ownChannel, "gRFC A27") }),
  capability("timeouts.idle", { envoy: envoys("timeouts"), grpc: ignored(ownChannel, "gRFC A27") }),

  capability("connection", {
    whole: true,
    envoy: envoys("connection pooling"),
    grpc: ignored(ownChannel, "gRFC A27"),
  }),
  capability("healthCheck", {
    whole: true,
    envoy: envoys("health checking"),
    grpc: ignored(noChecks, "gRFC A27"),
  }),
  capability("inbound", {
    whole: true,
    envoy: envoys("local rate limit filter"),
    grpc: ignored("it takes no calls in: the service's own Envoys limit them, whoever calls", "gRFC A27"),
  }),
];
