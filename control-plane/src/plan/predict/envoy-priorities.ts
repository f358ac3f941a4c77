import { priorityLoads } from "../../translate/spread/priority-load.ts";
import { type Host, hostsOf, type Level } from "./host.ts";

/** Percent of all requests, whole numbers, by priority. */
export type EnvoyPriorities = {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  readonly panics: readonly boolean[];
};

/**
 * Envoy's shares of the priorities with what a panic makes of them: "Panic threshold" of its documentation, and
 * `recalculatePerPriorityPanic` and `recalculateLoadInTotalPanic` in
 * source/extensions/load_balancing_policies/common/load_balancer_impl.cc. A panic needs all priorities together to have less
 * than 100 %, and in one of them less than the threshold to be usable.
 */
export function envoyPriorities(
  levels: readonly Level[],
  {
    overprovisioningFactor,
    panicThreshold,
  }: { readonly overprovisioningFactor: number; readonly panicThreshold: number },
): EnvoyPriorities {
  const hosts = levels.map(hostsOf);
  const { healthy, degraded, total } = priorityLoads(
    hosts.map((all) => ({ hosts: all.length, healthy: count(all, "healthy"), degraded: count(all, "degraded") })),
    overprovisioningFactor,
  );
  const none = levels.map(() => 0);
  if (total === 0 && panicThreshold === 0) {
    // All requests are the first priority's, which finds nobody to send them to.
    return { healthy: none.with(0, 100), degraded: none, panics: levels.map(() => false) };
  }
  const panics = hosts.map((all) => total < 100 && isInPanic(all, panicThreshold));
  return panics.every(Boolean) ? { healthy: byHosts(hosts), degraded: none, panics } : { healthy, degraded, panics };
}

function isInPanic(hosts: readonly Host[], threshold: number): boolean {
  const usable = hosts.filter(({ state }) => state !== "unusable").length;
  return (hosts.length === 0 ? 0 : (100 * usable) / hosts.length) < threshold;
}

/** With every priority in panic each gets by its number of hosts, and the first that has any what rounding leaves. */
function byHosts(hosts: readonly (readonly Host[])[]): readonly number[] {
  const all = hosts.flat().length;
  const loads = hosts.map(({ length }) => (all === 0 ? 0 : Math.floor((100 * length) / all)));
  const first = Math.max(
    0,
    hosts.findIndex(({ length }) => length > 0),
  );
  const left = 100 - loads.reduce((sum, load) => sum + load, 0);
  return loads.with(first, (loads[first] ?? 0) + left);
}

function count(hosts: readonly Host[], state: Host["state"]): number {
  return hosts.filter((host) => host.state === state).length;
}
