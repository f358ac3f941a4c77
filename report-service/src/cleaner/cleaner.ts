import { setTimeout as delay } from "node:timers/promises";
import { type CleanParts, clean } from "./clean.ts";

// Servers that are started together, or whose intervals have come to meet, take turns by chance.
const soonMs = 60_000;
const spread = 0.1;

/** Cleans soon after the start and then again and again, `everyMs` after it has ended. */
export function startCleaner(parts: CleanParts, everyMs: number): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    let waitMs = Math.min(everyMs, soonMs) * Math.random();
    while (!signal.aborted) {
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await clean(parts, false, signal);
      waitMs = everyMs * (1 + spread * (2 * Math.random() - 1));
    }
  }

  const work = run();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await work;
    },
  };
}
