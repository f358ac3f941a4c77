import type { LoadBalancer } from "../../model/policy.ts";
import { allOf } from "./all-of.ts";
import { ringOwner, ringShares } from "./hash-ring.ts";
import type { Balance, Host, Level, Part } from "./host.ts";

/** What gRPC clients do not go over unless the application tells them (gRFC A42, `grpc.lb.ring_hash.ring_size_cap`). */
const ringSizeCap = 4_096;
/** What Maglev is for gRPC clients, which lack it: translate/cluster/load-balancing.ts. */
const insteadOfMaglev = { minimumRingSize: 1_024, maximumRingSize: ringSizeCap };

/**
 * What a gRPC client makes of its hosts: the first priority in which any can be reached gets everything (gRFC A27, A56);
 * there is neither overprovisioning nor panic. In it localities get by weight, those without a usable host nothing
 * (`weighted_target`, A28), and hosts in one get alike: A58's weights without load reports are equal too.
 */
export function grpcBalance(levels: readonly Level[], balancer: LoadBalancer, hash: bigint | undefined): Balance {
  const used = levels.findIndex(hasUsable);
  const level = levels[used];
  const loads = levels.map((_, index) => (index === used ? 1 : 0));
  const panics = levels.map(() => false);
  if (!level) return { loads, panics, hosts: [] };
  const parts = partsOf(level, balancer, hash);
  return { loads, panics, hosts: parts.map((part) => ({ ...part, level: used })) };
}

function partsOf(level: Level, balancer: LoadBalancer, hash: bigint | undefined): readonly Part[] {
  if (balancer.kind === "ring-hash") return onRing(level, balancer, hash);
  return balancer.kind === "maglev" ? onRing(level, insteadOfMaglev, hash) : byLocality(level);
}

function hasUsable(level: Level): boolean {
  return level.some(({ hosts }) => hosts.some(isUsable));
}

function byLocality(level: Level): readonly Part[] {
  const total = level.filter(({ hosts }) => hosts.some(isUsable)).reduce((sum, { weight }) => sum + weight, 0);
  return level.flatMap(({ weight, hosts }, place) => {
    const usable = hosts.filter(isUsable);
    return usable.map((host) => ({ place, host, share: weight / total / usable.length }));
  });
}

/**
 * One ring for a priority, of endpoints that weigh what their locality's weight and their own multiply to: a locality's share
 * grows with its endpoints (A42). Who cannot be reached stays in it, and the next takes its requests.
 */
function onRing(
  level: Level,
  { minimumRingSize, maximumRingSize }: { readonly minimumRingSize: number; readonly maximumRingSize: number },
  hash: bigint | undefined,
): readonly Part[] {
  const held = level.flatMap(({ weight, hosts }, place) =>
    hosts.filter(({ isGiven }) => isGiven).map((host) => ({ place, host, weight: weight * host.weight })),
  );
  const total = held.reduce((sum, { weight }) => sum + weight, 0);
  const ring = {
    weighted: held.map(({ host, weight }) => ({ address: host.address, weight: weight / total })),
    minimum: Math.min(minimumRingSize, ringSizeCap),
    maximum: Math.min(maximumRingSize, ringSizeCap),
  };
  const isUsed = (owner: number) => isUsable(held[owner]?.host);
  const shares = hash === undefined ? ringShares(ring, isUsed) : allOf(ringOwner(ring, hash, isUsed), held.length);
  return held.map(({ place, host }, index) => ({ place, host, share: shares[index] ?? 0 }));
}

function isUsable(host: Host | undefined): boolean {
  return host?.state === "healthy";
}
