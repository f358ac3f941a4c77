import {
  type Deadline,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { requireReadable } from "@weir/proto/grpc/readable-requests.ts";
import { writeAll } from "@weir/proto/grpc/write-all.ts";
import type { Guard } from "./admit-calls.ts";
import { CallError, errorInfo, serviceErrorOf } from "./call-error.ts";

/** What a handler may know of its call; until it has answered, the signal aborts on the client's deadline and cancellation. */
export type CallContext = { readonly metadata: Metadata; readonly signal: AbortSignal };

/** `waits`: it answers only once something has happened, so only the client's own deadline ends it. */
export type UnaryKind = { readonly waits: boolean };

/** grpc-js handlers from functions that answer or throw a `CallError`. */
export type Answering = {
  unary<I, O>(answer: (request: I, call: CallContext) => Promise<O>, kind?: UnaryKind): handleUnaryCall<I, O>;
  /** The generator is not asked for more than the client reads. */
  streaming<I, O>(answer: (request: I, call: CallContext) => AsyncIterable<O>): handleServerStreamingCall<I, O>;
};

// What the signal of a call says when it is over. An error made for each call would cost a stack trace that nobody reads.
const over = new DOMException("the call is over", "AbortError");

// For clients that set no deadline: none of them waits longer for one answer.
const unaryLimitMs = 30_000;

/**
 * `onBug` is told of errors that are no answers: bugs and broken parts, of which the client only learns INTERNAL.
 * `guard` looks at each request first.
 */
export function answering(onBug: (cause: Error) => void, guard: Guard): Answering {
  const answerOf = (error: unknown, { signal }: CallContext): ServiceError => {
    if (error instanceof CallError) return serviceErrorOf(error);
    if (signal.aborted) return serviceErrorOf(tooLate());
    onBug(error as Error);
    return serviceErrorOf(error);
  };
  const admit = async (request: unknown, { metadata }: CallContext) => {
    await guard(requireReadable(request), metadata);
  };
  return {
    unary: (answer, kind) => (call, callback) => {
      const { context, release, finish } = contextOf(call, kind?.waits ? undefined : unaryLimitMs);
      admit(call.request, context)
        .then(() => answer(call.request, context))
        .then(
          (response) => {
            release();
            callback(null, response);
          },
          (error: unknown) => {
            callback(answerOf(error, context));
            finish();
          },
        );
    },
    streaming: (answer) => (call) => {
      const { context, release, finish } = contextOf(call, undefined);
      admit(call.request, context)
        .then(() => writeAll(call, answer(call.request, context), context.signal))
        .then(() => {
          if (context.signal.aborted) return;
          release();
          call.end();
        })
        // A client that has left is answered by nobody.
        .catch((error: unknown) => context.signal.aborted || call.emit("error", answerOf(error, context)))
        .finally(finish);
    },
  };
}

type AnyCall = {
  readonly metadata: Metadata;
  once(event: "cancelled", listener: () => void): unknown;
  getDeadline(): Deadline;
};

function contextOf(
  call: AnyCall,
  limitMs: number | undefined,
): { readonly context: CallContext; readonly release: () => void; readonly finish: () => void } {
  const ended = new AbortController();
  let released = false;
  const release = () => {
    released = true;
    clearTimeout(limit);
  };
  const finish = () => {
    if (released) return;
    release();
    ended.abort(over);
  };
  // grpc-js itself ends a call at the client's deadline.
  const endless = call.getDeadline() === Number.POSITIVE_INFINITY && limitMs !== undefined;
  const limit = endless ? setTimeout(finish, limitMs).unref() : undefined;
  call.once("cancelled", finish);
  return { context: { metadata: call.metadata, signal: ended.signal }, release, finish };
}

function tooLate(): CallError {
  return new CallError(status.DEADLINE_EXCEEDED, "the answer would come too late; whether it was done is unknown", [
    errorInfo("DEADLINE_EXCEEDED"),
  ]);
}
