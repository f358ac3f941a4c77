import type { Locality } from "../model/locality.ts";
import { localityText } from "../model/locality.ts";
import type { GuardLoad } from "./judge.ts";

type Seen = GuardLoad & { readonly service: string };

/** What was reported in the last minutes, older than any one window. */
export type LoadHistory = {
  /** The requests of the callers of a service, added up, and of how many seconds. */
  of(service: string): { readonly seconds: number; readonly loads: readonly GuardLoad[] };
};

/** How far back is remembered. */
export const historyMs = 300_000;
// Of one window; what is beyond that is the quietest.
const mostRows = 2_000;

/** Remembers each window of load reports as it ends, so that no request is counted twice. */
export function keepLoadHistory(
  { windowMs, observed }: { readonly windowMs: number; readonly observed: () => readonly Seen[] },
  signal: AbortSignal,
): LoadHistory & { readonly take: () => void } {
  const most = Math.ceil(historyMs / windowMs);
  const windows: (readonly Seen[])[] = [];

  function take(): void {
    const seen = observed().filter(({ ok, error }) => ok + error > 0);
    const kept =
      seen.length > mostRows ? seen.toSorted((a, b) => b.ok + b.error - a.ok - a.error).slice(0, mostRows) : seen;
    windows.push(kept.map(({ service, from, to, ok, error }) => ({ service, from, to, ok, error })));
    if (windows.length > most) windows.shift();
  }
  const timer = setInterval(take, windowMs).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });

  return {
    take,
    of(service) {
      const sums = new Map<string, { from: Locality; to: Locality; ok: number; error: number }>();
      for (const each of windows.flat()) {
        if (each.service !== service) continue;
        const { from, to, ok, error } = each;
        const key = `${localityText(from)}\n${localityText(to)}`;
        const sum = sums.get(key) ?? { from, to, ok: 0, error: 0 };
        sums.set(key, { ...sum, ok: sum.ok + ok, error: sum.error + error });
      }
      return { seconds: Math.round((windows.length * windowMs) / 1000), loads: [...sums.values()] };
    },
  };
}
