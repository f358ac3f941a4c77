import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { readable, requireReadable } from "@weir/proto/grpc/readable-requests.ts";
import { writeAll } from "@weir/proto/grpc/write-all.ts";
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
      readRequest(call)
        .then((request) => answer(request, callerOf(call), gone.signal))
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(asServiceError(error, call.getPath())),
        );
    },
    streaming: (answer) => (call) => {
      const gone = new AbortController();
      call.once("cancelled", () => gone.abort());
      readRequest(call)
        .then((request) => writeAll(call, answer(request, callerOf(call), gone.signal), gone.signal))
        .then(() => {
          if (!gone.signal.aborted)
            throw refusedCall("UNAVAILABLE", "CLOSING", "this server is closing; watch on at another");
        })
        .catch((error: unknown) => gone.signal.aborted || call.emit("error", asServiceError(error, call.getPath())));
    },
  };
}

async function readRequest<I>(call: { readonly request: I }): Promise<I> {
  return requireReadable(call.request);
}

/** The service with requests that never fail to be decoded; its handlers are those of `answering`. */
export function decodable(service: ServiceDefinition): ServiceDefinition {
  return readable(service, { undecodable: (says) => invalid("request", says) });
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
