/** Work that goes on beside a test until it is stopped, or disposed of. */
export type Background<T> = AsyncDisposable & { stop(): Promise<T> };

/** Starts it; it asks now and then whether it was stopped, and ends then. */
export function inBackground<T>(work: (stopped: () => boolean) => Promise<T>): Background<T> {
  let stopped = false;
  const working = work(() => stopped);
  const stop = () => {
    stopped = true;
    return working;
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      // Who does not ask for its end has failed otherwise, and that is the failure to be told.
      await stop().catch(() => undefined);
    },
  };
}
