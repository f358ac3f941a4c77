/** What a priority has. Parts of a host may be counted, where health is known in percent. */
export type PriorityHosts = { readonly hosts: number; readonly healthy: number; readonly degraded: number };

/** Percent of all requests, whole numbers, by priority: for the healthy hosts there, and for the degraded ones. */
export type PriorityLoads = {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** What all of them together could take, at most 100; below that they get more than is good for them. */
  readonly total: number;
};

/**
 * How Envoy divides requests among priorities, in its whole percents: "Priority levels" and "Degraded endpoints" of its
 * documentation, with the rounding of source/extensions/load_balancing_policies/common/load_balancer_impl.cc
 * (`recalculatePerPriorityState`). Nothing for anyone when no host is healthy or degraded; panic is not looked at.
 */
export function priorityLoads(priorities: readonly PriorityHosts[], overprovisioningFactor: number): PriorityLoads {
  const able = (count: (priority: PriorityHosts) => number) =>
    priorities.map((each) => Math.min(100, quotient(overprovisioningFactor * count(each), each.hosts)));
  const healthy = able((each) => each.healthy);
  const degraded = able((each) => each.degraded);
  const total = Math.min(100, sum(healthy) + sum(degraded));
  if (total === 0) return { healthy, degraded, total };

  const toHealthy = distribute(healthy, 100, total);
  const toDegraded = distribute(degraded, toHealthy.left, total);
  const first = healthy.findIndex((percent) => percent > 0);
  const firstDegraded = degraded.findIndex((percent) => percent > 0);
  // What rounding leaves is for the first that has anything.
  return {
    healthy: plus(toHealthy.loads, first, toDegraded.left),
    degraded: first >= 0 ? toDegraded.loads : plus(toDegraded.loads, firstDegraded, toDegraded.left),
    total,
  };
}

/**
 * A locality keeps its weight inside a priority until less than 1 in the factor of its hosts is usable ("Locality weighted
 * load balancing"; `effectiveLocalityWeight` in source/extensions/load_balancing_policies/common/locality_wrr.cc).
 */
export function effectiveWeight(weight: number, usable: number, hosts: number, overprovisioningFactor: number): number {
  return hosts === 0 ? 0 : weight * Math.min(1, ((overprovisioningFactor / 100) * usable) / hosts);
}

function distribute(able: readonly number[], load: number, total: number) {
  let left = load;
  const loads = able.map((percent) => {
    const taken = Math.min(left, quotient(100 * percent, total));
    left -= taken;
    return taken;
  });
  return { loads, left };
}

/** Whole-number division, as Envoy's. */
function quotient(part: number, whole: number): number {
  // Parts of hosts are not exact: 1.4 times 60 % of 5 must not become one less than it is.
  return whole === 0 ? 0 : Math.floor(part / whole + 1e-9);
}

function plus(values: readonly number[], index: number, more: number): readonly number[] {
  return values.map((value, at) => (at === index ? value + more : value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
