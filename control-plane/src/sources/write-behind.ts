import { backoffMs } from "../lib/backoff.ts";
import { pause } from "../lib/wait.ts";

export type WriteBehind = AsyncDisposable & {
  /** There is something to write. */
  touch(): void;
  /** Resolves when all that was touched before is written, or the attempt to write it has failed. */
  settled(): Promise<void>;
};

/**
 * Writes soon after a change, once for many, never two at a time; what could not be written is tried again with back-off.
 * Its end writes what is left, once.
 */
export function createWriteBehind({
  write,
  failed,
  delayMs,
}: {
  readonly write: () => Promise<void>;
  readonly failed: (cause: Error) => void;
  readonly delayMs: number;
}): WriteBehind {
  const stop = new AbortController();
  let touched = false;
  let round: Promise<void> | undefined;
  let failures = 0;

  async function once(): Promise<void> {
    await pause(failures === 0 ? delayMs : backoffMs(failures, { baseMs: 500, maxMs: 30_000 }), stop.signal);
    touched = false;
    try {
      await write();
      failures = 0;
    } catch (cause) {
      failures++;
      touched = true;
      failed(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      round = undefined;
      if (touched && !stop.signal.aborted) begin();
    }
  }

  function begin(): Promise<void> {
    round ??= once();
    return round;
  }

  return {
    touch() {
      touched = true;
      if (!stop.signal.aborted) void begin();
    },
    async settled() {
      // A round that has begun to write may have missed the last touch: `touched` then asks for one more. Once writing fails
      // nobody is kept waiting: it may go on failing for hours.
      while ((touched || round) && failures === 0) await begin();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await round;
      if (touched) await begin();
    },
  };
}
