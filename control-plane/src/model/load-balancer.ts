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
