import { once } from "node:events";
import type { handleServerStreamingCall, handleUnaryCall, Metadata, ServerWritableStream } from "@grpc/grpc-js";
import { CallError, serviceErrorOf } from "./call-error.ts";

/** What a handler may know of its call; the signal aborts on the client's deadline, its cancellation, and at the end. */
export type CallContext = { readonly metadata: Metadata; readonly signal: AbortSignal };

/** grpc-js handlers from functions that answer or throw a `CallError`. */
export type Answering = {
  unary<I, O>(answer: (request: I, call: CallContext) => Promise<O>): handleUnaryCall<I, O>;
  /** The generator is not asked for more than the client reads. */
  streaming<I, O>(answer: (request: I, call: CallContext) => AsyncIterable<O>): handleServerStreamingCall<I, O>;
};

/** `onBug` is told of errors that are no answers: bugs and broken parts, of which the client only learns INTERNAL. */
export function answering(onBug: (cause: Error) => void): Answering {
  const answerOf = (error: unknown) => {
    if (!(error instanceof CallError)) onBug(error as Error);
    return serviceErrorOf(error);
  };
  return {
    unary: (answer) => (call, callback) => {
      const { context, finish } = contextOf(call);
      answer(call.request, context)
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(answerOf(error)),
        )
        .finally(finish);
    },
    streaming: (answer) => (call) => {
      const { context, finish } = contextOf(call);
      writeAll(call, answer(call.request, context), context.signal)
        // A client that has left is answered by nobody.
        .catch((error: unknown) => context.signal.aborted || call.emit("error", answerOf(error)))
        .finally(finish);
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
  if (!signal.aborted) call.end();
}

type AnyCall = { readonly metadata: Metadata; once(event: "cancelled", listener: () => void): unknown };

function contextOf(call: AnyCall): { readonly context: CallContext; readonly finish: () => void } {
  const ended = new AbortController();
  const finish = () => ended.abort();
  call.once("cancelled", finish);
  return { context: { metadata: call.metadata, signal: ended.signal }, finish };
}
