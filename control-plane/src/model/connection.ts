/** How Envoy keeps connections to endpoints; gRPC clients have channel options of their own for it. */
export type Connection = {
  /** Probes of the kernel on a quiet connection; whole seconds. */
  readonly tcpKeepalive:
    | { readonly kind: "off" }
    | { readonly kind: "on"; readonly idleMs: number; readonly intervalMs: number; readonly probes: number };
  /** HTTP/2 only. */
  readonly ping: {
    /** Before a request on a connection that was quiet for so long; 0 never. */
    readonly afterIdleMs: number;
    /** On a timer; gRPC servers take one more often than every 5 minutes for abuse. */
    readonly intervalMs: number | undefined;
    readonly timeoutMs: number;
  };
  /** HTTP/2 only; undefined is Envoy's 1024. */
  readonly maxConcurrentStreams: number | undefined;
  readonly maxRequestsPerConnection: number | undefined;
  readonly maxConnectionMs: number | undefined;
  /** Connections that are opened ahead, for each that is needed: 1 none, 1.5 half as many again. */
  readonly preconnect: number;
  /**
   * Lets the requests on all connections of the service finish, and ends them, whenever an endpoint comes or goes. Those to an
   * endpoint that goes, is ejected or fails its health check end so in any case.
   */
  readonly drainOnEndpointChange: boolean;
};
