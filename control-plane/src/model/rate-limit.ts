import type { ServiceName } from "./names.ts";

export type RateLimit = {
  readonly local: LocalRateLimit | undefined;
  readonly global: GlobalRateLimit | undefined;
};

/** `requests` in every `perMs`, and up to `burst` at once. */
export type TokenBucket = { readonly requests: number; readonly perMs: number; readonly burst: number };

/** Counted in each Envoy by itself. */
export type LocalRateLimit = {
  /** For all requests of the rule that none of `buckets` is for. */
  readonly bucket: TokenBucket;
  readonly buckets: readonly {
    /** The requests with these; a header without a value gets a bucket for each value that comes. */
    readonly headers: readonly { readonly name: string; readonly value: string | undefined }[];
    readonly bucket: TokenBucket;
  }[];
};

/** Asked of a service that speaks `envoy.service.ratelimit.v3`. */
export type GlobalRateLimit = {
  readonly service: ServiceName;
  readonly domain: string;
  /** Each list is one question; one that a request has not all entries of is not asked. */
  readonly descriptors: readonly (readonly RateLimitEntry[])[];
  /** Let requests through while the service does not answer. */
  readonly failOpen: boolean;
  readonly timeoutMs: number;
};

export type RateLimitEntry =
  | { readonly kind: "header"; readonly key: string; readonly name: string }
  | { readonly kind: "remote-address" }
  | { readonly kind: "constant"; readonly key: string; readonly value: string };
