import type { LoadTotal } from "./observed-loads.ts";

type Total = { -readonly [Key in keyof LoadTotal]: LoadTotal[Key] };

/** Requests since the start by service and regions, in bounded memory. */
export type LoadTotals = {
  add(service: string, from: string, to: string, counts: Partial<Pick<LoadTotal, "ok" | "error" | "dropped">>): void;
  list(): Iterable<LoadTotal>;
  /** Forgets services that are gone. */
  sweep(isService: (name: string) => boolean): void;
};

const other = "other";

/** Callers and clients name regions as they like: what comes after the first `most` is counted as from and to `other`. */
export function createLoadTotals(most: number): LoadTotals {
  const totals = new Map<string, Total>();

  function totalAt(service: string, from: string, to: string): Total {
    const key = `${service}\n${from}\n${to}`;
    const known = totals.get(key);
    if (known !== undefined) return known;
    if (totals.size >= most && from !== other) return totalAt(service, other, other);
    const made = { service, from, to, ok: 0, error: 0, dropped: 0 };
    totals.set(key, made);
    return made;
  }

  return {
    add(service, from, to, { ok = 0, error = 0, dropped = 0 }) {
      const total = totalAt(service, from, to);
      total.ok += ok;
      total.error += error;
      total.dropped += dropped;
    },
    list: () => totals.values(),
    sweep(isService) {
      for (const [key, { service }] of totals) if (!isService(service)) totals.delete(key);
    },
  };
}
