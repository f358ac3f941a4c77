import { type LocalityKey, localityKey } from "../../model/held-health.ts";
import type { GroupHealth } from "./group-health.ts";
import type { LocalityGroup, Placed } from "./locality-priority.ts";
import { effectiveWeight, priorityLoads } from "./priority-load.ts";

/** Parts of all requests by locality, adding up to 1. */
export type Shares = ReadonlyMap<LocalityKey, number>;

export type EnvoyShares = {
  readonly shares: Shares;
  /** Whether degraded endpoints of the first priority are sent to. */
  readonly usesDegraded: boolean;
  /** Whether there are enough healthy ones for all requests, with overprovisioning. */
  readonly isEnough: boolean;
};

/** Where Envoy sends requests of these priorities; undefined when nothing is healthy anywhere. */
export function envoyShares(
  priorities: readonly (readonly Placed[])[],
  healthOf: (group: LocalityGroup) => GroupHealth,
  { overprovisioningFactor, keepsWeights }: { readonly overprovisioningFactor: number; readonly keepsWeights: boolean },
): EnvoyShares | undefined {
  const levels = priorities.map((placed) => placed.map(({ group, weight }) => ({ group, weight, ...healthOf(group) })));
  const loads = priorityLoads(
    levels.map((level) => ({
      hosts: sum(level.map(({ hosts }) => hosts)),
      healthy: sum(level.map(({ healthy }) => healthy)),
      degraded: sum(level.map(({ degraded }) => degraded)),
    })),
    overprovisioningFactor,
  );
  if (loads.total === 0) return undefined;
  const shares = new Map<LocalityKey, number>();
  for (const [index, level] of levels.entries()) {
    const divide = (percent: number, usableOf: (each: GroupHealth) => number) => {
      if (percent === 0) return;
      const weights = level.map((each) => {
        const usable = usableOf(each);
        if (keepsWeights) return usable > 0 ? each.weight : 0;
        return effectiveWeight(each.weight, usable, each.hosts, overprovisioningFactor);
      });
      const total = sum(weights);
      for (const [at, { group }] of level.entries()) {
        const share = ((percent / 100) * (weights[at] ?? 0)) / total;
        const key = localityKey(group.locality);
        if (share > 0) shares.set(key, (shares.get(key) ?? 0) + share);
      }
    };
    divide(loads.healthy[index] ?? 0, ({ healthy }) => healthy);
    divide(loads.degraded[index] ?? 0, ({ degraded }) => degraded);
  }
  return { shares, usesDegraded: (loads.degraded[0] ?? 0) > 0, isEnough: loads.total === 100 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
