import { once } from "node:events";
import type { ServerWritableStream } from "@grpc/grpc-js";

/**
 * Writes what there is, and does not ask for more than the client reads. Resolves once all is written, or with the signal,
 * which is for the call's end; a wait for the client rejects with it.
 */
export async function writeAll<I, O>(
  call: ServerWritableStream<I, O>,
  messages: AsyncIterable<O>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (!call.write(message)) await once(call, "drain", { signal });
  }
}
