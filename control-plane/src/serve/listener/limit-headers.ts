import type { Server } from "@grpc/grpc-js";

// With a token and all that a proxy adds; gRPC's own limit in other languages is 8 KB (16 KB hard in C++).
const longestHeaders = 16 * 1024;

/**
 * grpc-js leaves the limit at Node's 64 KB a stream and keeps all of it: 0.1 MB of references to one long header (HPACK) held
 * 31 MB in 500 streams. There is no option, only these settings for the HTTP/2 servers that it makes, which are private:
 * where they are gone, Node's own limit holds.
 */
export function limitHeaders(server: Server): void {
  const { commonServerOptions: options } = server as unknown as { commonServerOptions?: { settings?: object } };
  if (options?.settings !== undefined) Object.assign(options.settings, { maxHeaderListSize: longestHeaders });
}
