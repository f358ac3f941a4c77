import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { S3Error } from "./s3-error.ts";

// A store that is down gets at most a fifth more reads than it would get without retries, and a few to start with:
// clients ask for them, in any number. Writes are bounded by their writers, which have nothing better to do than wait.
const budgetShare = 0.2;
const budgetMost = 10;
const firstDelayMs = 100;
const longestDelayMs = 5_000;
const retryAfterMs = 5_000;

export type Retried = { readonly deadlineMs: number; readonly isRead: boolean };

export type Retries = {
  /**
   * Runs `attempt` until it succeeds or fails for good. Throws `StoreUnavailable`, with the last failure as its cause, where
   * `deadlineMs` are over, a read has no budget left, or the store lets nobody in.
   */
  run<T>(what: Retried, signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>;
};

/** Retries that share one budget; `refresh` is asked when credentials were refused, and says whether there are others. */
export function createRetries(refresh: () => Promise<boolean>): Retries {
  let budget = budgetMost;
  return {
    async run({ deadlineMs, isRead }, signal, attempt) {
      signal.throwIfAborted();
      const deadline = AbortSignal.timeout(deadlineMs);
      const limit = AbortSignal.any([signal, deadline]);
      if (isRead) budget = Math.min(budgetMost, budget + budgetShare);
      let lastFailure: unknown;
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(limit);
        } catch (error) {
          if (signal.aborted) throw error;
          // That it was cut off by the deadline says less than what went wrong before.
          if (deadline.aborted) throw unavailable(lastFailure ?? error);
          lastFailure = error;
          if (error instanceof S3Error && error.status === 403 && tries === 1 && (await refresh())) continue;
          if (isShut(error) || (isPassing(error) && isRead && budget < 1)) throw unavailable(error);
          if (!isPassing(error)) throw error;
          if (isRead) budget -= 1;
          const most = Math.min(longestDelayMs, firstDelayMs * 2 ** tries);
          await delay(Math.random() * most, undefined, { signal: limit }).catch(() => {
            throw signal.aborted ? error : unavailable(error);
          });
        }
      }
    },
  };
}

/** The failure of a store that is not to be had now, whatever is asked of it. */
export function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable(`the object store is not available: ${(cause as Error).message}`, retryAfterMs, cause);
}

/** Whether it lets nobody in, until somebody corrects its keys, its rules or its bucket. */
function isShut(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  return error.status === 401 || error.status === 403 || error.code === "NoSuchBucket";
}

const passing: ReadonlySet<string> = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "ENOTFOUND"],
]);

/** Whether it may well go through next time: a busy or broken store, or a connection that was lost. */
function isPassing(error: unknown): boolean {
  if (error instanceof S3Error) {
    return error.status >= 500 || error.status === 429 || error.status === 408 || error.code === "RequestTimeout";
  }
  return passing.has((error as NodeJS.ErrnoException).code ?? "");
}
