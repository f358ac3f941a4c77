import type { ServerOptions } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/**
 * What grpc-js gives to each HTTP/2 server that it makes for `server`; to be changed before it listens. grpc-js has no option
 * for this, and the field is private: undefined where it is gone, and then Node's own defaults hold.
 */
export function http2OptionsOf(server: Server): ServerOptions | undefined {
  const { commonServerOptions: options } = server as unknown as { readonly commonServerOptions?: ServerOptions };
  return options;
}
