/** Which clients obey which field: docs/effective-on.md. Durations in milliseconds. */
export type OutlierDetection =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      readonly intervalMs: number;
      readonly baseEjectionMs: number;
      readonly maxEjectionMs: number;
      readonly maxEjectionPercent: number;
      /** At most so much is added to a time, so that what is ejected together does not come back together. Envoy only. */
      readonly maxJitterMs: number;
      /** Envoy only; 0 is off. */
      readonly consecutive5xxErrors: number;
      /** Percent. */
      readonly enforcingConsecutive5xxErrors: number;
      /** Envoy only; 0 is off. */
      readonly consecutiveGatewayErrors: number;
      /** Percent. */
      readonly enforcingConsecutiveGatewayErrors: number;
      /** Connections that fail, counted apart; undefined: as the 503 that the caller gets. Envoy only. */
      readonly localOrigin: LocalOrigin | undefined;
      /** Envoy only. */
      readonly successfulActiveHealthCheckUnejectHost: boolean;
      /** Whatever `maxEjectionPercent` is. Envoy only. */
      readonly alwaysEjectOneHost: boolean;
      /** Takes `x-envoy-degraded` in an answer for the endpoint's. Envoy only. */
      readonly detectDegradedHosts: boolean;
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

/** All but the first are percent of the detections that eject. */
export type LocalOrigin = {
  /** 0 is off. */
  readonly consecutiveFailures: number;
  readonly enforcingConsecutiveFailures: number;
  readonly enforcingSuccessRate: number;
  readonly enforcingFailurePercentage: number;
};
