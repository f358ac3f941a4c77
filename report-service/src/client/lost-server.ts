import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { ReportCallError } from "./report-call-error.ts";

/**
 * Whether the next server goes on where this one stopped: it said so, or it is gone. A proxy resets the streams of a
 * server that dies, for which gRPC has INTERNAL, CANCELLED and UNKNOWN; what a server says itself has a reason.
 */
export function hasLostItsServer(error: unknown): boolean {
  if (!(error instanceof ReportCallError)) return false;
  const { code, reason } = error;
  if (code === status.UNAVAILABLE) return true;
  return reason === undefined && (code === status.INTERNAL || code === status.UNKNOWN || code === status.CANCELLED);
}

// Three seconds in all: a proxy or a registry has noticed by then that a server is gone.
const firstWaitMs = 100;
const tries = 6;

/** How often in a row something is tried that servers do not answer: waits longer each time, and throws the last time. */
export function createPatience(signal: AbortSignal | undefined) {
  let failed = 0;
  return {
    reset() {
      failed = 0;
    },
    async afterFailure(error: unknown): Promise<void> {
      failed += 1;
      if (signal?.aborted || failed >= tries || !hasLostItsServer(error)) throw error;
      const asked = error instanceof ReportCallError ? (error.retryAfterMs ?? 0) : 0;
      await delay(Math.max(asked, firstWaitMs * 2 ** (failed - 1)), undefined, { ...(signal && { signal }) });
    },
  };
}

/** Makes a call that may be made again; again while servers are gone, for a while. */
export async function persist<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  const patience = createPatience(signal);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await patience.afterFailure(error);
    }
  }
}
