import type { SharedCache } from "../../src/ports/cache.ts";

/** One server's view of a shared cache. */
export type SharedView = SharedCache & {
  /** From now on this server is told nothing of what others forget, or is again. */
  cutLine(cut: boolean): void;
};

/** What a Redis does for the servers of one process, by a clock of the test's; every server connects for itself. */
export function createLocalSharedCache(now: () => number): { connect(): SharedView } {
  const forgottenForMs = 60_000;
  const texts = new Map<string, { readonly text: string | undefined; readonly untilMs: number }>();
  const views = new Set<(keys: readonly string[]) => void>();

  function held(key: string): { readonly text: string | undefined } | undefined {
    const entry = texts.get(key);
    return entry && entry.untilMs > now() ? entry : undefined;
  }

  return {
    connect() {
      const listeners = new Set<(key: string) => void>();
      let cut = false;
      const hear = (keys: readonly string[]) => {
        if (!cut) for (const key of keys) for (const listener of listeners) listener(key);
      };
      views.add(hear);
      return {
        get: async (key) => held(key)?.text,
        async put(key, text, ttlMs) {
          if (held(key)?.text === undefined && held(key)) return;
          texts.set(key, { text, untilMs: now() + ttlMs });
        },
        async forget(keys) {
          for (const key of keys) texts.set(key, { text: undefined, untilMs: now() + forgottenForMs });
          for (const view of views) if (view !== hear) view(keys);
        },
        onForget(listener) {
          listeners.add(listener);
          return { [Symbol.dispose]: () => void listeners.delete(listener) };
        },
        cutLine(value) {
          cut = value;
        },
      };
    },
  };
}
