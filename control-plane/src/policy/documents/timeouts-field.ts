import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { Timeouts } from "../../model/policy.ts";
import { withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText } from "./duration.ts";

const defaults = defaultPolicy.timeouts;
const atLeastZero = duration({ minMs: 0 });

export const timeouts = z.strictObject({
  connect: withDefault(duration({ minMs: 1 }), durationText(defaults.connectMs), "To open a connection; Envoy only."),
  request: withDefault(
    atLeastZero,
    durationText(defaults.requestMs ?? 0),
    "For a whole request, streams too; 0s is no limit but the client's own deadline.",
  ),
  idle: withDefault(
    atLeastZero,
    durationText(defaults.idleMs),
    "Until a connection without requests is closed; 0s never. Envoy only.",
  ),
  streamIdle: atLeastZero
    .optional()
    .describe("Until a request without a byte in either direction is ended; 0s never. Envoy only. Default: as idle."),
  maxStream: withDefault(
    atLeastZero,
    durationText(defaults.maxStreamMs ?? 0),
    "For a request from its first byte to its answer's last, an upload that request does not count included; 0s is no limit. For GRPC the shorter of both holds.",
  ),
});

/** What `spec.timeouts` says. */
export function timeoutsOf({ connect, request, idle, streamIdle, maxStream }: z.output<typeof timeouts>): Timeouts {
  return {
    connectMs: durationMs(connect),
    requestMs: durationMs(request) || undefined,
    idleMs: durationMs(idle),
    streamIdleMs: streamIdle === undefined ? undefined : durationMs(streamIdle),
    maxStreamMs: durationMs(maxStream) || undefined,
  };
}
