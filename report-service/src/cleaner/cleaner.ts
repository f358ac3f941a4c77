import { setTimeout as delay } from "node:timers/promises";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";

const cleanEveryMs = 60_000;
// Small enough that the write lock is soon free again for those who serve.
const batch = 100;

/** What the cleaner has to tell. */
export type CleanerNote =
  | { readonly kind: "cleaned"; readonly reports: number }
  | { readonly kind: "clean-failed"; readonly cause: Error };

/**
 * Forgets reports that ended more than `retentionMs` ago, with their bytes and request ids. Any number of servers may do
 * so at once. A server that dies in between leaves bytes behind that nothing names.
 */
export function startCleaner(
  { reports, objects }: { readonly reports: ReportStore; readonly objects: ObjectStore },
  retentionMs: number,
  observe: (note: CleanerNote) => void,
): AsyncDisposable {
  const stopping = new AbortController();

  async function clean(): Promise<void> {
    for (let forgotten = batch; forgotten === batch && !stopping.signal.aborted; ) {
      const keys = await reports.forget(Date.now() - retentionMs, batch);
      for (const { id } of keys) await objects.remove(id);
      forgotten = keys.length;
      if (forgotten > 0) observe({ kind: "cleaned", reports: forgotten });
    }
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
