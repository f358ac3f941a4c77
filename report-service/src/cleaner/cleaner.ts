import { setTimeout as delay } from "node:timers/promises";
import { objectsOf } from "../model/report.ts";
import { objectOfUpload } from "../model/upload.ts";
import type { Chore, CleanUp } from "../ports/clean-up.ts";
import type { ObjectStore } from "../ports/object-store.ts";

const dayMs = 86_400_000;
const cleanEveryMs = 60_000;
// Small enough that the write lock is soon free again for those who serve.
const batch = 100;

/** What the cleaner has to tell. */
export type CleanerNote =
  | { readonly kind: "cleaned"; readonly reports: number }
  | { readonly kind: "clean-failed"; readonly cause: Error };

/**
 * Removes the bytes of reports whose time is over, and a day later the reports with their request ids. Any number of
 * servers may do so at once. A server that dies in between leaves bytes behind that nothing names.
 */
export function startCleaner(
  { cleanUp, objects }: { readonly cleanUp: CleanUp; readonly objects: ObjectStore },
  observe: (note: CleanerNote) => void,
): AsyncDisposable {
  const stopping = new AbortController();

  async function clear(chore: Chore, beforeMs: number): Promise<void> {
    for (let found = batch; found === batch && !stopping.signal.aborted; ) {
      const cleared = await cleanUp.clear(chore, beforeMs, batch);
      for (const one of cleared) {
        if (one.kind === "report") await objects.remove(objectsOf(one.key));
        if (one.kind === "upload") await objects.remove(objectOfUpload(one.key));
      }
      found = cleared.length;
      if (found > 0) observe({ kind: "cleaned", reports: found });
    }
  }

  async function clean(): Promise<void> {
    const nowMs = Date.now();
    await clear("expired", nowMs);
    for (const chore of ["forgotten", "requests", "abandoned"] as const) await clear(chore, nowMs - dayMs);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(cleanEveryMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await clean().catch((cause: Error) => observe({ kind: "clean-failed", cause }));
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
