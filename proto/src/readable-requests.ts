import type { ServiceDefinition } from "@grpc/grpc-js";

/** What a call ends with instead of an answer, for what came as its request. */
export type RefusalsOfBytes = {
  /** For bytes that are no message; what it says follows the name of what is wrong: `is no message of the type …`. */
  readonly undecodable: (says: string) => Error;
  /** For so many bytes, which then are not decoded; undefined: they are. All are unless told. */
  readonly tooLarge?: (length: number) => Error | undefined;
};

const unreadable = Symbol("unreadable");

/** What a handler is given for a request that cannot be read. */
type Unreadable = { readonly [unreadable]: Error };

/**
 * The service with requests that never fail to be decoded: grpc-js would answer INTERNAL for bytes that are no message, and
 * say nothing that a client could act on. Its handlers ask `requireReadable` first.
 */
export function readable(service: ServiceDefinition, refusals: RefusalsOfBytes): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: (bytes: Buffer) => read(bytes, method.requestDeserialize, refusals) },
    ]),
  );
}

/** The request, when it could be read; throws what `readable` was told to end the call with. */
export function requireReadable<I>(request: I): I {
  if (typeof request === "object" && request !== null && unreadable in request)
    throw (request as Unreadable)[unreadable];
  return request;
}

function read<I>(
  bytes: Buffer,
  decode: (bytes: Buffer) => I,
  { tooLarge, undecodable }: RefusalsOfBytes,
): I | Unreadable {
  const refusal = tooLarge?.(bytes.length);
  if (refusal) return { [unreadable]: refusal };
  try {
    return decode(bytes);
  } catch (cause) {
    const says = `is no message of the type that this method takes: ${(cause as Error).message.slice(0, 200)}`;
    return { [unreadable]: undecodable(says) };
  }
}
