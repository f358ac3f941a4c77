/** gRPC status codes that may be retried, in proto spelling. */
export type RetryCode = "CANCELLED" | "DEADLINE_EXCEEDED" | "INTERNAL" | "RESOURCE_EXHAUSTED" | "UNAVAILABLE";

/** What Envoy may try again besides, in its own spelling. */
export type RetryCondition =
  | "5xx"
  | "gateway-error"
  | "reset"
  | "reset-before-request"
  | "connect-failure"
  | "envoy-ratelimited"
  | "retriable-4xx"
  | "refused-stream";

export type Retry =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      /** Retries after the first try. */
      readonly attempts: number;
      readonly retryOn: readonly RetryCode[];
      /** Envoy only. What certainly never reached a server is tried again by Envoy whatever stands here. */
      readonly conditions: readonly RetryCondition[];
      /** HTTP status codes. Envoy only. */
      readonly statusCodes: readonly number[];
      /** Answers with one of these headers. Envoy only. */
      readonly headers: readonly string[];
      /** Envoy only. */
      readonly perTryTimeoutMs: number | undefined;
      /** Without a byte of the answer. Envoy only. */
      readonly perTryIdleTimeoutMs: number | undefined;
      readonly backOff: { readonly baseMs: number; readonly maxMs: number };
      /** How long a header of the answer says to wait, where one does. Envoy only. */
      readonly rateLimitedBackOff: RateLimitedBackOff | undefined;
      /** Envoy only. */
      readonly budget: RetryBudget;
      /** Another endpoint than those that failed, looked for so many times; undefined: any. Envoy only. */
      readonly otherHost: { readonly selectionAttempts: number } | undefined;
      /** Another priority than those that failed, after every so many failed tries. Envoy only. */
      readonly otherPriority: { readonly updateFrequency: number } | undefined;
    };

/** At most `percent` of the requests that are active, or were new in the last `intervalMs`, but always `minRetryConcurrency`. */
export type RetryBudget = {
  readonly percent: number;
  readonly minRetryConcurrency: number;
  readonly intervalMs: number;
};

export type RateLimitedBackOff = {
  /** The first that is there and can be read. */
  readonly headers: readonly { readonly name: string; readonly format: "seconds" | "unix-timestamp" }[];
  /** A header that says more does not count. */
  readonly maxMs: number;
};
