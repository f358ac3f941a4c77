import { type ServiceDefinition, status } from "@grpc/grpc-js";
import { readable as readableBy } from "@weir/proto/grpc/readable-requests.ts";
import { CallError, errorInfo, invalid } from "./call-error.ts";

/** Batches of 500 small reports fit; nobody has a reason to send more. */
export const maxRequestBytes = 4 * 1024 * 1024;

/** The service with requests that never fail to be decoded; its handlers are those of `answering`. */
export function readable(service: ServiceDefinition): ServiceDefinition {
  return readableBy(service, {
    tooLarge: (length) => (length > maxRequestBytes ? tooLarge(length) : undefined),
    undecodable: (says) => invalid([{ at: "request", says }]),
  });
}

function tooLarge(bytes: number): CallError {
  return new CallError(
    status.INVALID_ARGUMENT,
    `the request has ${bytes} bytes and may have ${maxRequestBytes}; send large input as an upload`,
    [errorInfo("REQUEST_TOO_LARGE", { limit: String(maxRequestBytes) })],
  );
}
