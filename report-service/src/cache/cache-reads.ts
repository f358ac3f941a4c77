import { createLru } from "../lib/lru.ts";
import type { ReportChange } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";
import { expiresAtMs, type Report } from "../model/report.ts";
import type { CacheNote, SharedCache } from "../ports/cache.ts";
import type { Stores } from "../ports/stores.ts";
import { createSingleFlight } from "./single-flight.ts";

/** How much is kept for how long. */
export type CacheParts = {
  /** What this server remembers by itself. */
  readonly memory: { readonly maxBytes: number; readonly keepMs: number };
  /** What all servers remember together. */
  readonly shared?: { readonly cache: SharedCache; readonly keepMs: number };
  /** That of the stores, where not given. */
  readonly now?: () => number;
  readonly observe: (note: CacheNote) => void;
};

// Those who wait have left long before. Shorter than what the shared cache remembers to have forgotten.
const loadLimitMs = 30_000;
const fromMemory: CacheNote = { kind: "report-read", from: "memory" };
const fromShared: CacheNote = { kind: "report-read", from: "shared" };
const fromStore: CacheNote = { kind: "report-read", from: "store" };

/**
 * The same stores, in which a report that has succeeded is read from memory. Nothing else is kept: a report that waits,
 * runs, failed or was cancelled may change at any other server, and one that is not there may come to be. What this
 * server changes it sees at once. A deletion at another server, or a retry of what was lost, it sees at once where the shared cache tells of it, and
 * after `memory.keepMs` where not. Expired reports are never read from memory.
 */
export function cacheReads<S extends Stores>(
  stores: S,
  { memory, shared, now = stores.clock.now, observe }: CacheParts,
): S {
  const { reports, cleanUp } = stores;
  const near = createLru<Report>(memory.maxBytes);
  const fly = createSingleFlight<Report | undefined>();
  const loads = new Map<string, { outdated: boolean }>();
  shared?.cache.onForget(forgetHere);

  function forgetHere(name: string): void {
    near.delete(name);
    // Its answer may be from before; it must not be kept.
    const load = loads.get(name);
    if (load) load.outdated = true;
  }

  async function forget(keys: readonly ReportKey[]): Promise<void> {
    const names = keys.map(nameOf);
    names.forEach(forgetHere);
    if (names.length > 0) await shared?.cache.forget(names);
  }

  /** How long it may be kept from now on; 0 where not at all. */
  function leftMs(report: Report): number {
    return report.status.kind === "succeeded" ? Math.max(0, (expiresAtMs(report) ?? 0) - now()) : 0;
  }

  function keepHere(name: string, report: Report, textLength: number): void {
    const left = leftMs(report);
    if (left > 0) near.set(name, report, heldBytes(textLength), now() + Math.min(left, memory.keepMs));
  }

  async function load(key: ReportKey): Promise<Report | undefined> {
    const name = nameOf(key);
    const own = { outdated: false };
    const startedAtMs = now();
    loads.set(name, own);
    try {
      const text = await shared?.cache.get(name);
      const remembered = text === undefined ? undefined : parse(text);
      if (text && remembered && !own.outdated && leftMs(remembered) > 0) {
        keepHere(name, remembered, text.length);
        observe(fromShared);
        return remembered;
      }
      const report = await reports.read(key, AbortSignal.timeout(loadLimitMs));
      observe(fromStore);
      if (report && !own.outdated && now() - startedAtMs < loadLimitMs) keep(name, report);
      return report;
    } finally {
      if (loads.get(name) === own) loads.delete(name);
    }
  }

  function keep(name: string, report: Report): void {
    const left = leftMs(report);
    if (left === 0) return;
    const text = JSON.stringify(report);
    keepHere(name, report, text.length);
    if (shared) void shared.cache.put(name, text, Math.min(left, shared.keepMs));
  }

  return {
    ...stores,
    reports: {
      ...reports,
      async read(key, signal) {
        signal?.throwIfAborted();
        const kept = near.get(nameOf(key), now());
        if (!kept)
          return within(
            fly(nameOf(key), () => load(key)),
            signal,
          );
        observe(fromMemory);
        return kept;
      },
      async create(creations, limits, signal) {
        const created = await reports.create(creations, limits, signal);
        // Its id may be that of a report which was deleted at another server.
        for (const one of created) if (one.kind === "created") forgetHere(nameOf(one.report));
        return created;
      },
      async change(key, change, nowMs) {
        const changed = await reports.change(key, change, nowMs);
        if (endsSuccess(change)) await forget([key]);
        return changed;
      },
      async changeAll(changes, nowMs) {
        const changed = await reports.changeAll(changes, nowMs);
        await forget(changes.filter(({ change }) => endsSuccess(change)).map(({ key }) => key));
        return changed;
      },
      async remove(key, sequence) {
        const removed = await reports.remove(key, sequence);
        if (removed === "removed" || removed === "unknown") await forget([key]);
        return removed;
      },
    },
    cleanUp: {
      ...cleanUp,
      async clear(chore, beforeMs, limit) {
        const cleared = await cleanUp.clear(chore, beforeMs, limit);
        await forget(cleared.flatMap((one) => (one.kind === "report" ? [one.key] : [])));
        return cleared;
      },
    },
  };
}

/** Whether a report that has succeeded may be something else afterwards. */
function endsSuccess(change: ReportChange): boolean {
  return change.kind === "expire" || (change.kind === "retry" && change.lostAt !== undefined);
}

function nameOf({ tenant, id }: ReportKey): string {
  return `${tenant}/${id}`;
}

/** With its encoded form. Node 24 took 2.9 to 3.2 bytes of heap for a character, and 5 to 6 of resident memory. */
function heldBytes(textLength: number): number {
  return 5 * textLength + 500;
}

/** What another version of this program has put there may be no report to us. */
function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}

/** The promise's value, for as long as anyone waits for it. */
function within<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
