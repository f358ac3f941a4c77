import type { ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";

const longestDetails = 1_024;

/**
 * Lets every call end, whatever its details quote. grpc-js sends them through `encodeURI`, which throws at half of a
 * surrogate pair (a name cut in the middle of an emoji): the stream would stay open for ever. Long ones are cut, because
 * clients take 8 KB of headers.
 */
export const endable: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (status) => {
    const details = status.details?.slice(0, longestDetails).toWellFormed();
    send({ ...status, ...(details === undefined ? {} : { details }) });
  };
  return call as ServerInterceptingCall;
};
