import type { LoadBalancer } from "../../model/policy.ts";
import { hashRing, ringShares } from "./hash-ring.ts";
import { byWeight, type Level, type Part } from "./host.ts";
import { maglevShares, maglevTable } from "./maglev-table.ts";

/**
 * Who answers which part of all hashes in a priority: the healthy hosts, or all of them in a panic, each with its part of its
 * locality's weight. Neither does a locality lose weight with its hosts, nor are degraded ones used (`normalizeWeights` in
 * source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc).
 */
export function envoyHashed(
  level: Level,
  panic: boolean,
  balancer: Extract<LoadBalancer, { kind: "ring-hash" | "maglev" }>,
): readonly Part[] {
  const parts = level.flatMap(({ weight, hosts }, place) =>
    byWeight(hosts.filter(({ state }) => panic || state === "healthy").map((host) => ({ place, host }))).map(
      (part) => ({
        ...part,
        share: part.share * weight,
      }),
    ),
  );
  const total = level.reduce((sum, { weight }) => sum + weight, 0);
  const weighted = parts.map(({ host, share }) => ({ address: host.address, weight: share / total }));
  const shares =
    balancer.kind === "maglev"
      ? maglevShares(maglevTable(weighted, balancer.tableSize), weighted.length)
      : ringShares(
          hashRing(weighted, { minimum: balancer.minimumRingSize, maximum: balancer.maximumRingSize }),
          weighted.length,
        );
  return parts.map((part, index) => ({ ...part, share: shares[index] ?? 0 }));
}
