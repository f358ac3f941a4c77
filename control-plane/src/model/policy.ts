import type { Connection } from "./connection.ts";
import type { HealthCheck } from "./health-check.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import type { ServiceName } from "./names.ts";
import type { OutlierDetection } from "./outlier-detection.ts";
import type { LocalRateLimit } from "./rate-limit.ts";
import type { Retry } from "./retry.ts";

export type { Connection } from "./connection.ts";
export type { HealthCheck, LocalityCheck } from "./health-check.ts";
export type { HashSource, LoadBalancer, SlowStart } from "./load-balancer.ts";
export type { OutlierDetection } from "./outlier-detection.ts";
export type { RateLimitedBackOff, Retry, RetryBudget, RetryCode, RetryCondition } from "./retry.ts";

export type CircuitBreaker = {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  /** The only one that gRPC clients apply. Unset, Envoy and gRPC would use 1024. */
  readonly maxRequests: number;
  /** Retries at a time, in place of the retry budget. Envoy only. */
  readonly maxRetries: number | undefined;
  readonly perEndpoint: { readonly maxConnections: number | undefined };
};

export type Timeouts = {
  readonly connectMs: number;
  /** Undefined is no limit but the client's own deadline: a limit ends streams too. */
  readonly requestMs: number | undefined;
  /** Of a connection without requests. Envoy only. */
  readonly idleMs: number;
  /** Of a request without a byte in either direction; undefined is `idleMs`. Envoy only. */
  readonly streamIdleMs: number | undefined;
  /** From a request's first byte to its answer's last, however long the request itself takes; undefined is no limit. */
  readonly maxStreamMs: number | undefined;
};

/** A TrafficPolicy document with every default filled in. */
export type TrafficPolicy = {
  readonly loadBalancer: LoadBalancer;
  readonly outlierDetection: OutlierDetection;
  /** Percent of healthy hosts below which all hosts are used; Envoy only; 0 never. */
  readonly panicThreshold: number;
  /** Percent; 140 means that a priority holds its traffic until fewer than 1/1.4 of its hosts are healthy. Envoy only. */
  readonly overprovisioningFactor: number;
  readonly circuitBreaker: CircuitBreaker;
  readonly retry: Retry;
  readonly timeouts: Timeouts;
  readonly connection: Connection;
  readonly healthCheck: HealthCheck;
  /** For Envoys that take the service's calls in beside it. */
  readonly inbound: { readonly rateLimit: LocalRateLimit | undefined };
};

/** A TrafficPolicy document: the policy and the services it is for. At most one for each service. */
export type TrafficPolicySpec = {
  readonly name: string;
  readonly services: readonly ServiceName[];
  readonly policy: TrafficPolicy;
};
