import type { ServiceName } from "./names.ts";

/** A property of a request by whose hash an endpoint is chosen. Milliseconds. */
export type HashSource =
  | { readonly kind: "header"; readonly name: string }
  /** With a lifetime Envoy makes the cookie for a caller who has none; 0 is the browser's session. */
  | { readonly kind: "cookie"; readonly name: string; readonly path: string; readonly ttlMs: number | undefined }
  /** The address that a request comes from; for a gRPC client the channel. */
  | { readonly kind: "source-address" }
  /** The path, which for a gRPC call names service and method. */
  | { readonly kind: "method" };

/** A new endpoint gets little at first, and its share after `windowMs`. Envoy only. */
export type SlowStart = {
  readonly windowMs: number;
  /** Its weight grows with (time / window) ^ (1 / aggression); 1 is a straight line. */
  readonly aggression: number;
  readonly minWeightPercent: number;
};

export type LoadBalancer =
  | { readonly kind: "round-robin"; readonly slowStart: SlowStart | undefined }
  /** Of `choices` random endpoints the one with the fewest requests. gRPC clients that lack it use round robin. */
  | {
      readonly kind: "least-request";
      readonly choices: number;
      /** Weights count as weight / (requests + 1) ^ bias, where they differ. Envoy only. */
      readonly activeRequestBias: number;
      readonly slowStart: SlowStart | undefined;
    }
  /** gRPC clients use round robin. */
  | { readonly kind: "random" }
  | {
      readonly kind: "ring-hash";
      /** The first that a request has decides. */
      readonly hashOn: readonly HashSource[];
      readonly minimumRingSize: number;
      readonly maximumRingSize: number;
      /** Percent of the average load that an endpoint may have. Envoy only. */
      readonly balanceFactor: number | undefined;
    }
  /** gRPC clients use ring hash. */
  | {
      readonly kind: "maglev";
      readonly hashOn: readonly HashSource[];
      /** A prime number. */
      readonly tableSize: number;
      readonly balanceFactor: number | undefined;
    }
  /** By what endpoints report of themselves (ORCA), gRFC A58; round robin for clients that lack it. Their own weights do not count. */
  | {
      readonly kind: "weighted-round-robin";
      readonly blackoutMs: number;
      readonly weightExpirationMs: number;
      readonly weightUpdateMs: number;
      readonly errorUtilizationPenalty: number;
      /** Names in the reports such as `named_metrics.queue`; the largest is the utilization. Envoy only. */
      readonly metrics: readonly string[];
      /** Reports on a stream of their own instead of with each answer. */
      readonly outOfBand: { readonly periodMs: number; readonly port: number | undefined } | undefined;
      readonly slowStart: SlowStart | undefined;
    };

/** Which clients obey which field: docs/effective-on.md. Durations in milliseconds. */
export type OutlierDetection =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      readonly intervalMs: number;
      readonly baseEjectionMs: number;
      readonly maxEjectionMs: number;
      readonly maxEjectionPercent: number;
      /** Envoy only; 0 is off. */
      readonly consecutive5xxErrors: number;
      /** Envoy only; 0 is off. */
      readonly consecutiveGatewayErrors: number;
      readonly failurePercentage: {
        readonly enforcing: number;
        readonly threshold: number;
        readonly minimumHosts: number;
        readonly requestVolume: number;
      };
      readonly successRate: {
        readonly enforcing: number;
        readonly minimumHosts: number;
        readonly requestVolume: number;
        readonly stdevFactor: number;
      };
    };

export type CircuitBreaker = {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  /** The only one that gRPC clients apply. Unset, Envoy and gRPC would use 1024. */
  readonly maxRequests: number;
  readonly perEndpoint: { readonly maxConnections: number | undefined };
};

/** gRPC status codes that may be retried, in proto spelling. */
export type RetryCode = "CANCELLED" | "DEADLINE_EXCEEDED" | "INTERNAL" | "RESOURCE_EXHAUSTED" | "UNAVAILABLE";

export type Retry =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      /** Retries after the first try. */
      readonly attempts: number;
      readonly retryOn: readonly RetryCode[];
      /** Envoy only. */
      readonly perTryTimeoutMs: number | undefined;
      readonly backOff: { readonly baseMs: number; readonly maxMs: number };
      /** Envoy only: at most `percent` of the active requests may be retries, but always `minRetryConcurrency`. */
      readonly budget: { readonly percent: number; readonly minRetryConcurrency: number };
    };

export type Timeouts = {
  readonly connectMs: number;
  /** Undefined is no limit but the client's own deadline: a limit ends streams too. */
  readonly requestMs: number | undefined;
  readonly idleMs: number;
};

/** Active health checks by Envoy; gRPC clients do none. */
export type HealthCheck =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      readonly check:
        | { readonly kind: "grpc"; readonly serviceName: string }
        | { readonly kind: "http"; readonly path: string }
        | { readonly kind: "tcp" };
      readonly intervalMs: number;
      readonly timeoutMs: number;
      readonly healthyThreshold: number;
      readonly unhealthyThreshold: number;
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
  readonly healthCheck: HealthCheck;
};

/** A TrafficPolicy document: the policy and the services it is for. At most one for each service. */
export type TrafficPolicySpec = {
  readonly name: string;
  readonly services: readonly ServiceName[];
  readonly policy: TrafficPolicy;
};
