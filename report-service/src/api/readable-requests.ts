import { type MethodDefinition, type ServiceDefinition, status } from "@grpc/grpc-js";
import { CallError, errorInfo, invalid } from "./call-error.ts";

/** Batches of 500 small reports fit; nobody has a reason to send more. */
export const maxRequestBytes = 4 * 1024 * 1024;

/** What a handler is given for a request that cannot be read. */
export class Unreadable {
  readonly error: CallError;

  constructor(error: CallError) {
    this.error = error;
  }
}

/**
 * The service with requests that never fail to be decoded: grpc-js would answer INTERNAL for bytes that are no message,
 * and say nothing that a client could act on. Handlers made by `answering` know what an `Unreadable` is.
 */
export function readable(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, readableMethod(method)]));
}

function readableMethod(method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> {
  return {
    ...method,
    requestDeserialize(bytes) {
      if (bytes.length > maxRequestBytes) return new Unreadable(tooLarge(bytes.length));
      try {
        return method.requestDeserialize(bytes);
      } catch (cause) {
        const says = `is no message of the type that this method takes: ${(cause as Error).message.slice(0, 200)}`;
        return new Unreadable(invalid([{ at: "request", says }]));
      }
    },
  };
}

function tooLarge(bytes: number): CallError {
  return new CallError(
    status.INVALID_ARGUMENT,
    `the request has ${bytes} bytes and may have ${maxRequestBytes}; send large input as an upload`,
    [errorInfo("REQUEST_TOO_LARGE", { limit: String(maxRequestBytes) })],
  );
}
