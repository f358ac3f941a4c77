import { once } from "node:events";
import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ApiError } from "../operator/api-error.ts";
import { type Caller, callerOf } from "./caller.ts";
import { refusedCall, richError } from "./rich-error.ts";

/** Handlers from functions that answer, or reject with what `AskRoutes` rejects with. */
export type Answering = {
  unary<I, O>(answer: (request: I, caller: Caller, signal: AbortSignal) => Promise<O>): handleUnaryCall<I, O>;
  /** The generator is not asked for more than the client reads; that it ends means that this server does. */
  streaming<I, O>(
    answer: (request: I, caller: Caller, signal: AbortSignal) => AsyncIterable<O>,
  ): handleServerStreamingCall<I, O>;
};

/** What a handler is given for a request that cannot be read. */
type Unreadable = { readonly unreadable: string };

/** `onBug` is told of errors that are no answers, of which the client only learns INTERNAL. */
export function answering(onBug: (cause: Error, method: string) => void): Answering {
  const asServiceError = (error: unknown, method: string): ServiceError => {
    if (isServiceError(error)) return error;
    if (error instanceof ApiError) return richError(error.body);
    onBug(error as Error, method);
    const says = "this is a bug in Weir; its log has the details";
    return refusedCall("INTERNAL", "BUG", says);
  };
  return {
    unary: (answer) => (call, callback) => {
      const gone = new AbortController();
      call.once("cancelled", () => gone.abort());
      readable(call.request)
        .then((request) => answer(request, callerOf(call), gone.signal))
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(asServiceError(error, call.getPath())),
        );
    },
    streaming: (answer) => (call) => {
      const gone = new AbortController();
      call.once("cancelled", () => gone.abort());
      readable(call.request)
        .then((request) => writeAll(call, answer(request, callerOf(call), gone.signal), gone.signal))
        .catch((error: unknown) => gone.signal.aborted || call.emit("error", asServiceError(error, call.getPath())));
    },
  };
}

async function writeAll<I, O>(
  call: ServerWritableStream<I, O>,
  messages: AsyncIterable<O>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (!call.write(message)) await once(call, "drain", { signal });
  }
  if (!signal.aborted) throw refusedCall("UNAVAILABLE", "CLOSING", "this server is closing; watch on at another");
}

/**
 * The service with requests that never fail to be decoded: grpc-js would answer INTERNAL for bytes that are no message, and
 * say nothing that a client could act on.
 */
export function decodable(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, decodableMethod(method)]));
}

function decodableMethod(method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> {
  return {
    ...method,
    requestDeserialize(bytes) {
      try {
        return method.requestDeserialize(bytes);
      } catch (cause) {
        return { unreadable: (cause as Error).message.slice(0, 200) } satisfies Unreadable;
      }
    },
  };
}

async function readable<I>(request: I | Unreadable): Promise<I> {
  if (typeof request !== "object" || request === null || !("unreadable" in request)) return request as I;
  throw invalid("request", `is no message of the type that this method takes: ${request.unreadable}`);
}

/** INVALID_ARGUMENT for what no route could be asked. */
export function invalid(field: string, description: string): ServiceError {
  const violation = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ field, description }],
  } as const;
  return richError({ status: "INVALID_ARGUMENT", message: `${field}: ${description}`, details: [violation] });
}

/** What a route answered as the message that has its fields; a field that only REST has is left out. */
export function messageOf<D extends DescMessage>(schema: D, json: unknown): MessageShape<D> {
  return fromJson(schema, json as JsonValue, { ignoreUnknownFields: true });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Object && "code" in error && typeof error.code === "number" && error.code in status;
}
