import type { LoadBalancer } from "../../model/policy.ts";
import { allOf } from "./all-of.ts";
import { canTellOwner, ringOwner, ringShares } from "./hash-ring.ts";
import { byWeight, type Level, type Part } from "./host.ts";
import { largestMaglevTable, maglevShares, maglevTable } from "./maglev-table.ts";

/**
 * Who answers which part of all hashes in a priority, or this one: the healthy hosts, or all of them in a panic, each with its part of its
 * locality's weight. Neither does a locality lose weight with its hosts, nor are degraded ones used (`normalizeWeights` in
 * source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc).
 */
export function envoyHashed(
  level: Level,
  panic: boolean,
  balancer: Extract<LoadBalancer, { kind: "ring-hash" | "maglev" }>,
  hash: bigint | undefined,
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
    balancer.kind === "maglev" ? onTable(weighted, balancer.tableSize, hash) : onRing(weighted, balancer, hash);
  return parts.map((part, index) => ({ ...part, share: shares[index] ?? 0 }));
}

type Weighted = readonly { readonly address: string; readonly weight: number }[];

function onTable(weighted: Weighted, size: number, hash: bigint | undefined): readonly number[] {
  if (size > largestMaglevTable) return byShare(weighted);
  const table = maglevTable(weighted, size);
  if (hash === undefined) return maglevShares(table, weighted.length);
  return allOf(table[Number(hash % BigInt(size))], weighted.length);
}

function onRing(
  weighted: Weighted,
  { minimumRingSize: minimum, maximumRingSize: maximum }: Extract<LoadBalancer, { kind: "ring-hash" }>,
  hash: bigint | undefined,
): readonly number[] {
  const ring = { weighted, minimum, maximum };
  return hash === undefined || !canTellOwner(ring) ? ringShares(ring) : allOf(ringOwner(ring, hash), weighted.length);
}

function byShare(weighted: Weighted): readonly number[] {
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.map(({ weight }) => weight / total);
}
