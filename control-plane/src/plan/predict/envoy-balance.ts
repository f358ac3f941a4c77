import type { LoadBalancer, TrafficPolicy } from "../../model/policy.ts";
import { envoyPriorityLoads } from "./envoy-priorities.ts";
import { hashRing, ringShares } from "./hash-ring.ts";
import type { Balance, Host, HostShare, Level } from "./host.ts";

type Part = { readonly place: number; readonly host: Host; readonly share: number };

/** What Envoy makes of its hosts: priorities first, then localities, then a host in one. */
export function envoyBalance(levels: readonly Level[], policy: TrafficPolicy): Balance {
  if (levels.length === 0) return { loads: [], panics: [], hosts: [] };
  const { healthy, degraded, panics } = envoyPriorityLoads(levels, policy);
  const balancer = policy.loadBalancer;
  const hosts = levels.flatMap((level, index): readonly HostShare[] => {
    const parts = (percent: number, state: Host["state"]) =>
      percent === 0
        ? []
        : partsOf(level, state, panics[index] ?? false, balancer, policy.overprovisioningFactor).map((part) => ({
            ...part,
            level: index,
            share: (part.share * percent) / 100,
          }));
    return together([...parts(healthy[index] ?? 0, "healthy"), ...parts(degraded[index] ?? 0, "degraded")]);
  });
  return { loads: healthy.map((percent, index) => (percent + (degraded[index] ?? 0)) / 100), panics, hosts };
}

/** The shares inside one priority; nothing where nobody is in that state. */
function partsOf(
  level: Level,
  state: Host["state"],
  panic: boolean,
  balancer: LoadBalancer,
  overprovisioningFactor: number,
): readonly Part[] {
  if (balancer.kind === "ring-hash") return onRing(level, panic, balancer);
  const all = level.map((place) => (panic ? place.hosts : place.hosts.filter((host) => host.state === state)));
  // In a panic all hosts of the priority are one list: the localities' weights do not count.
  if (panic) return among(all.flatMap((hosts, place) => hosts.map((host) => ({ place, host }))));
  const weights = level.map(({ weight, hosts }, place) =>
    localityWeight(weight, all[place]?.length ?? 0, hosts.length, overprovisioningFactor),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return all.flatMap((hosts, place) =>
    among(hosts.map((host) => ({ place, host }))).map((part) => ({
      ...part,
      share: (part.share * (weights[place] ?? 0)) / total,
    })),
  );
}

/**
 * A locality keeps its weight until less than 1 in `overprovisioningFactor` of it is usable ("Locality weighted load
 * balancing"; `effectiveLocalityWeight` in source/extensions/load_balancing_policies/common/locality_wrr.cc).
 */
function localityWeight(weight: number, usable: number, all: number, overprovisioningFactor: number): number {
  return all === 0 ? 0 : weight * Math.min(1, ((overprovisioningFactor / 100) * usable) / all);
}

/** By weight, as round robin does always, and least request does while hosts have equally few requests. */
function among(hosts: readonly { readonly place: number; readonly host: Host }[]): readonly Part[] {
  const total = hosts.reduce((sum, { host }) => sum + host.weight, 0);
  return hosts.map(({ place, host }) => ({ place, host, share: host.weight / total }));
}

/**
 * A hash's hosts are the healthy ones, or all of them in a panic, each with its part of its locality's weight. Neither does a
 * locality lose weight with its hosts, nor are degraded ones used (`normalizeWeights` in
 * source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc).
 */
function onRing(
  level: Level,
  panic: boolean,
  { minimumRingSize, maximumRingSize }: Extract<LoadBalancer, { kind: "ring-hash" }>,
): readonly Part[] {
  const weighted = weightedForHash(level, panic);
  const ring = hashRing(
    weighted.map(({ host, share }) => ({ address: host.address, weight: share })),
    { minimum: minimumRingSize, maximum: maximumRingSize },
  );
  const shares = ringShares(ring, weighted.length);
  return weighted.map((part, index) => ({ ...part, share: shares[index] ?? 0 }));
}

function weightedForHash(level: Level, panic: boolean): readonly Part[] {
  const total = level.reduce((sum, { weight }) => sum + weight, 0);
  return level.flatMap(({ weight, hosts }, place) =>
    among(hosts.filter(({ state }) => panic || state === "healthy").map((host) => ({ place, host }))).map((part) => ({
      ...part,
      share: (part.share * weight) / total,
    })),
  );
}

/** A host's shares of a priority's healthy and degraded load, which are the same host in a panic. */
function together(shares: readonly HostShare[]): readonly HostShare[] {
  const byHost = new Map<Host, HostShare>();
  for (const each of shares)
    byHost.set(each.host, { ...each, share: each.share + (byHost.get(each.host)?.share ?? 0) });
  return [...byHost.values()];
}
