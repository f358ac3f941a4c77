import type { LocalityPattern } from "./locality.ts";

/** Active health checks by Envoy; gRPC clients do none. Times are the same for all endpoints of a service. */
export type HealthCheck =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      readonly check: Check;
      readonly intervalMs: number;
      readonly timeoutMs: number;
      readonly healthyThreshold: number;
      readonly unhealthyThreshold: number;
      /** Before the first check. */
      readonly initialJitterMs: number;
      /** Added to every interval, both of them. */
      readonly intervalJitterMs: number;
      readonly intervalJitterPercent: number;
      /** Until there was a request; undefined is `intervalMs`. */
      readonly noTrafficIntervalMs: number | undefined;
      /** The same for endpoints that are healthy; undefined is `noTrafficIntervalMs`. */
      readonly noTrafficHealthyIntervalMs: number | undefined;
      /** Of endpoints that are not; undefined is `intervalMs`. */
      readonly unhealthyIntervalMs: number | undefined;
      /** Once, after an endpoint has changed. */
      readonly unhealthyEdgeIntervalMs: number | undefined;
      readonly healthyEdgeIntervalMs: number | undefined;
      readonly reuseConnection: boolean;
      /** The narrowest that names an endpoint's locality holds. */
      readonly perLocality: readonly LocalityCheck[];
    };

export type Check =
  /** Without an authority the service's name. */
  | { readonly kind: "grpc"; readonly serviceName: string; readonly authority: string | undefined }
  | {
      readonly kind: "http";
      readonly path: string;
      readonly host: string | undefined;
      readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "TRACE" | "PATCH";
      /** Empty is 200. */
      readonly expectedStatuses: readonly StatusRange[];
      /** Bad ones that count towards `unhealthyThreshold`; all others are enough by themselves. */
      readonly retriableStatuses: readonly StatusRange[];
    }
  | { readonly kind: "tcp"; readonly send: Uint8Array | undefined; readonly receive: readonly Uint8Array[] };

/** Both included. */
export type StatusRange = { readonly from: number; readonly to: number };

export type LocalityCheck = {
  readonly locality: LocalityPattern;
  /** Taken for healthy without being asked. */
  readonly disabled: boolean;
  readonly port: number | undefined;
  readonly host: string | undefined;
};
