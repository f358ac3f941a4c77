import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type HttpProtocolOptions_ExplicitHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from "@weir/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import type { Timeouts } from "../model/policy.ts";
import type { Protocol } from "../model/service.ts";

/** Under this key Envoy looks for how to speak HTTP to a cluster. */
export const httpProtocolOptionsKey = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function httpProtocolOptionsOf(protocol: Protocol, { idleMs }: Timeouts): Any {
  const options = create(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: { idleTimeout: durationFromMs(idleMs) },
    upstreamProtocolOptions: { case: "explicitHttpConfig", value: explicitly(protocol) },
  });
  return anyPack(HttpProtocolOptionsSchema, options);
}

function explicitly(protocol: Protocol): MessageInitShape<typeof HttpProtocolOptions_ExplicitHttpConfigSchema> {
  if (protocol === "http1") return { protocolConfig: { case: "httpProtocolOptions", value: {} } };
  return {
    protocolConfig: {
      case: "http2ProtocolOptions",
      value: {
        // Only before a request on a connection that was quiet, never on a timer: gRPC servers (Go, Java, C++) take a PING
        // more often than every 5 minutes, or any without a request, for abuse and answer GOAWAY "too_many_pings".
        connectionKeepalive: { connectionIdleInterval: durationFromMs(30_000), timeout: durationFromMs(5_000) },
      },
    },
  };
}
