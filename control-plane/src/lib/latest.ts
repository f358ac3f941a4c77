/** A value that changes. A slow reader gets only its newest state, never the backlog: config is state, not a log. */
export type Latest<T> = {
  /** Wakes readers, unless the value is the very same object as before. */
  set(value: T): void;
  current(): T | undefined;
  /** The current value, if there is one, then each newest one; ends when the signal aborts. */
  changes(signal: AbortSignal): AsyncGenerator<T, void>;
};

export function createLatest<T>(initial?: T): Latest<T> {
  let state: { readonly value: T } | undefined = initial === undefined ? undefined : { value: initial };
  let waiting = new Set<() => void>();

  return {
    set(value) {
      if (state?.value === value) return;
      state = { value };
      const woken = waiting;
      waiting = new Set();
      for (const wake of woken) wake();
    },
    current: () => state?.value,
    async *changes(signal) {
      let seen: typeof state;
      while (!signal.aborted) {
        if (state !== undefined && state !== seen) {
          seen = state;
          yield state.value;
          continue;
        }
        await new Promise<void>((resolve) => {
          const wake = () => {
            signal.removeEventListener("abort", wake);
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
          signal.addEventListener("abort", wake);
        });
      }
    },
  };
}
