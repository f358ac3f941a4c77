export type Bell = {
  ring(): void;
  /** Returns at once if it has rung since the last return, else when it does, in time, or with the signal. */
  rung(signal: AbortSignal, withinMs?: number): Promise<void>;
};

export function createBell(): Bell {
  const listeners = new Set<() => void>();
  let hasRung = false;
  return {
    ring() {
      hasRung = true;
      for (const resume of listeners) resume();
    },
    async rung(signal, withinMs) {
      if (!hasRung && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        listeners.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
        const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs).unref();
        await promise;
        clearTimeout(timer);
        listeners.delete(resolve);
      }
      hasRung = false;
    },
  };
}
