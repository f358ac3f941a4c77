/** Wakes those who wait; each then looks for itself at what it waits for. */
export type Bell = {
  ring(): void;
  /** Returns at once if it has rung since the last return, else when it does, in time, or with the signal. */
  rung(signal: AbortSignal, withinMs?: number): Promise<void>;
};

/** A ring while nobody listens is not lost: the next `rung` returns at once. */
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
        const resume = () => resolve();
        listeners.add(resume);
        signal.addEventListener("abort", resume, { once: true });
        const timer = withinMs === undefined ? undefined : setTimeout(resume, withinMs).unref();
        await promise;
        clearTimeout(timer);
        signal.removeEventListener("abort", resume);
        listeners.delete(resume);
      }
      hasRung = false;
    },
  };
}
