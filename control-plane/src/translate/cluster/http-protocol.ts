import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import type { KeepaliveSettingsSchema } from "@weir/proto/envoy/config/core/v3/protocol_pb.ts";
import {
  type HttpProtocolOptions_ExplicitHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from "@weir/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { Connection, Timeouts } from "../../model/policy.ts";
import type { Protocol } from "../../model/service.ts";

/** Under this key Envoy looks for how to speak HTTP to a cluster. */
export const httpProtocolOptionsKey = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function httpProtocolOptionsOf(
  protocol: Protocol,
  { idleMs }: Timeouts,
  connection: Connection = defaultPolicy.connection,
): Any {
  const { maxRequestsPerConnection, maxConnectionMs } = connection;
  const options = create(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: {
      idleTimeout: durationFromMs(idleMs),
      ...(maxRequestsPerConnection !== undefined && { maxRequestsPerConnection }),
      ...(maxConnectionMs !== undefined && { maxConnectionDuration: durationFromMs(maxConnectionMs) }),
    },
    upstreamProtocolOptions: { case: "explicitHttpConfig", value: explicitly(protocol, connection) },
  });
  return anyPack(HttpProtocolOptionsSchema, options);
}

function explicitly(
  protocol: Protocol,
  { ping, maxConcurrentStreams }: Connection,
): MessageInitShape<typeof HttpProtocolOptions_ExplicitHttpConfigSchema> {
  if (protocol === "http1") return { protocolConfig: { case: "httpProtocolOptions", value: {} } };
  const connectionKeepalive = keepaliveOf(ping);
  return {
    protocolConfig: {
      case: "http2ProtocolOptions",
      value: {
        ...(connectionKeepalive && { connectionKeepalive }),
        ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams }),
      },
    },
  };
}

/**
 * By default only before a request on a connection that was quiet, never on a timer: gRPC servers (Go, Java, C++) take a PING
 * more often than every 5 minutes, or any without a request, for abuse and answer GOAWAY "too_many_pings".
 */
function keepaliveOf({
  afterIdleMs,
  intervalMs,
  timeoutMs,
}: Connection["ping"]): MessageInitShape<typeof KeepaliveSettingsSchema> | undefined {
  if (afterIdleMs === 0 && intervalMs === undefined) return undefined;
  return {
    ...(afterIdleMs > 0 && { connectionIdleInterval: durationFromMs(afterIdleMs) }),
    ...(intervalMs !== undefined && { interval: durationFromMs(intervalMs) }),
    timeout: durationFromMs(timeoutMs),
  };
}
