import type { TenantId } from "./names.ts";
import type { Priority } from "./report.ts";

/** What one tenant gets of a worker cluster. */
export type Share = {
  /** Its turns for each turn of a tenant with weight 1; over 0. */
  readonly weight: number;
  /** Reports of it that may run at once in one cluster. */
  readonly concurrency: number;
};

/** What every tenant gets, and who gets something else. */
export type FairShares = { readonly everyone: Share; readonly others: ReadonlyMap<TenantId, Share> };

export function shareOf({ everyone, others }: FairShares, tenant: TenantId): Share {
  return others.get(tenant) ?? everyone;
}

// Of ten claims, one prefers bulk and two prefer standard: whatever is urgent, nothing waits for ever.
const preferred: readonly Priority[] = [
  ...(["interactive", "interactive", "interactive", "standard", "interactive"] as const),
  ...(["interactive", "interactive", "standard", "interactive", "bulk"] as const),
];
const byUrgency: readonly Priority[] = ["interactive", "standard", "bulk"];

/** In which order the `turn`-th claim of a cluster looks at the priorities; the first that has something to do is served. */
export function prioritiesOf(turn: number): readonly Priority[] {
  const first = preferred[turn % preferred.length] ?? "interactive";
  return [first, ...byUrgency.filter((one) => one !== first)];
}

/**
 * Weighted round robin over tenants, as stride scheduling does it (Waldspurger and Weihl, MIT/LCS/TM-528, 1995): the
 * tenant with the lowest pass is next, and its pass then grows by its stride.
 */
export function passAfter(pass: number, { weight }: Share): number {
  return pass + 1 / weight;
}

/** Where a tenant that had nothing waiting joins: behind the tenant served last, so that coming and going gains nothing. */
export function passOnArrival(lastServedPass: number): number {
  return lastServedPass + 1;
}
