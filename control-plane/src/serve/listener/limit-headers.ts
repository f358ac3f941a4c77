import type { Server } from "@grpc/grpc-js";
import { http2OptionsOf } from "@weir/proto/grpc/http2-options.ts";

// With a token and all that a proxy adds; gRPC's own limit in other languages is 8 KB (16 KB hard in C++).
const longestHeaders = 16 * 1024;

/**
 * grpc-js leaves the limit at Node's 64 KB a stream and keeps all of it: 0.1 MB of references to one long header (HPACK) held
 * 31 MB in 500 streams.
 */
export function limitHeaders(server: Server): void {
  const options = http2OptionsOf(server);
  if (options) options.settings = { ...options.settings, maxHeaderListSize: longestHeaders };
}
