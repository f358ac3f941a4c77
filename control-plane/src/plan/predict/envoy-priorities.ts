import { priorityLoads } from "../../translate/priority-load.ts";
import { type Host, hostsOf, type Level } from "./host.ts";

/** Percent of all requests, whole numbers, by priority. */
export type PriorityLoads = {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  readonly panics: readonly boolean[];
};

/**
 * Envoy's shares of the priorities, in its whole percents: "Priority levels", "Degraded endpoints" and "Panic threshold" of
 * its documentation, with source/extensions/load_balancing_policies/common/load_balancer_impl.cc
 * (`recalculatePerPriorityPanic`, `recalculateLoadInTotalPanic`).
 */
export function envoyPriorityLoads(
  levels: readonly Level[],
  {
    overprovisioningFactor,
    panicThreshold,
  }: { readonly overprovisioningFactor: number; readonly panicThreshold: number },
): PriorityLoads {
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
  if (panics.every(Boolean)) return { healthy: inTotalPanic(hosts), degraded: none, panics };

  return { healthy, degraded, panics };
}

function isInPanic(hosts: readonly Host[], threshold: number): boolean {
  const usable = hosts.filter(({ state }) => state !== "unusable").length;
  return (hosts.length === 0 ? 0 : (100 * usable) / hosts.length) < threshold;
}

/** With every priority in panic each gets by its number of hosts. */
function inTotalPanic(hosts: readonly (readonly Host[])[]): readonly number[] {
  const all = hosts.flat().length;
  const loads = hosts.map(({ length }) => percentOf(100 * length, all));
  const first = Math.max(
    0,
    hosts.findIndex(({ length }) => length > 0),
  );
  return plus(loads, first, 100 - sum(loads));
}

/** Whole-number division, as Envoy's. */
function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor(part / whole);
}

function count(hosts: readonly Host[], state: Host["state"]): number {
  return hosts.filter((host) => host.state === state).length;
}

function plus(values: readonly number[], index: number, more: number): readonly number[] {
  return values.map((value, at) => (at === index ? value + more : value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
