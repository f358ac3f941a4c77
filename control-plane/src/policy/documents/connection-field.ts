import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { Connection } from "../../model/policy.ts";
import { count, withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText, parseDuration } from "./duration.ts";

const defaults = defaultPolicy.connection;
const { tcpKeepalive: probing, ping: pinging } = defaults;
if (probing.kind !== "on") throw new Error("the default policy must keep connections alive");

// What the kernel takes, tcp(7): whole seconds up to 32,767 and 127 probes. It refuses more on every connection.
const wholeSeconds = duration({ minMs: 1000, maxMs: 32_767_000 }).refine(
  (text) => (parseDuration(text) ?? 0) % 1000 === 0,
  "expected whole seconds",
);

const tcpKeepalive = z.strictObject({
  enabled: withDefault(z.boolean(), true, "false turns it off; the other fields then only wait."),
  idle: withDefault(wholeSeconds, durationText(probing.idleMs), "Quiet time before the first probe, whole seconds."),
  interval: withDefault(wholeSeconds, durationText(probing.intervalMs), "Time between probes, whole seconds."),
  probes: withDefault(z.int().min(1).max(127), probing.probes, "Probes without an answer that end the connection."),
});

const ping = z.strictObject({
  afterIdle: withDefault(
    duration({ minMs: 0 }),
    durationText(pinging.afterIdleMs),
    "Before a request on a connection that was quiet for so long; 0s never.",
  ),
  interval: duration({ minMs: 1000 })
    .optional()
    .describe(
      "On a timer; gRPC servers end connections that send one more often than every 5m, or without a request. Default: never.",
    ),
  timeout: withDefault(
    duration({ minMs: 1 }),
    durationText(pinging.timeoutMs),
    "Time for an answer, without which the connection is ended.",
  ),
});

export const connection = z.strictObject({
  tcpKeepalive: tcpKeepalive.prefault({}).describe("Probes of the kernel on quiet connections."),
  ping: ping.prefault({}).describe("HTTP/2 PINGs, for GRPC and HTTP2."),
  maxConcurrentStreams: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .describe(
      "Requests at a time on one connection, for GRPC and HTTP2. Default: 1024, or less if the server says so.",
    ),
  maxRequestsPerConnection: count(1)
    .optional()
    .describe("Requests after which a connection is replaced; about so many for GRPC and HTTP2. Default: no limit."),
  maxConnectionDuration: duration({ minMs: 1 })
    .optional()
    .describe("Age at which a connection is replaced, once its requests are done. Default: no limit."),
  preconnect: withDefault(
    z.number().min(1).max(3),
    defaults.preconnect,
    "Connections opened ahead for each that is needed: 1 none, 1.5 half as many again.",
  ),
  drainOnEndpointChange: withDefault(
    z.boolean(),
    defaults.drainOnEndpointChange,
    "Replaces all connections of the service whenever an endpoint comes or goes, once their requests are done. Those to an endpoint that goes, fails its health check or is ejected end so in any case.",
  ),
});

/** What `spec.connection` says. */
export function connectionOf({
  tcpKeepalive: { enabled, idle, interval, probes },
  ping,
  maxConcurrentStreams,
  maxRequestsPerConnection,
  maxConnectionDuration,
  ...same
}: z.output<typeof connection>): Connection {
  return {
    ...same,
    tcpKeepalive: enabled
      ? { kind: "on", idleMs: durationMs(idle), intervalMs: durationMs(interval), probes }
      : { kind: "off" },
    ping: {
      afterIdleMs: durationMs(ping.afterIdle),
      intervalMs: ping.interval === undefined ? undefined : durationMs(ping.interval),
      timeoutMs: durationMs(ping.timeout),
    },
    maxConcurrentStreams,
    maxRequestsPerConnection,
    maxConnectionMs: maxConnectionDuration === undefined ? undefined : durationMs(maxConnectionDuration),
  };
}
