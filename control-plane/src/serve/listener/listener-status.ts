import type { ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";

const longestDetails = 1_024;

// Clients close their side when they read the status; in far less.
const partingMs = 1_000;

/** Of node:http2; closed without a code is closed without an error. */
type Http2Stream = {
  readonly closed: boolean;
  close(): void;
  once(event: "close", listener: () => void): void;
};

/**
 * Lets every call end, whatever its details quote. grpc-js sends them through `encodeURI`, which throws at half of a
 * surrogate pair (a name cut in the middle of an emoji): the stream would stay open for ever. Long ones are cut, because
 * clients take 8 KB of headers. A client that leaves its side open is reset, as RFC 9113 8.1 has it: grpc-js would count
 * the stream as active, and its connection as never idle.
 */
export const endable: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call);
  // Private: where it is gone, the connection lives until its greatest age.
  const { stream } = call as { readonly stream?: Http2Stream };
  call.sendStatus = (status) => {
    const details = status.details?.slice(0, longestDetails).toWellFormed();
    send({ ...status, ...(details === undefined ? {} : { details }) });
    if (stream === undefined || stream.closed) return;
    const parting = setTimeout(() => stream.close(), partingMs).unref();
    stream.once("close", () => clearTimeout(parting));
  };
  return call as ServerInterceptingCall;
};
