import { never } from "../../lib/exhaustive.ts";
import type { LoadBalancer, TrafficPolicy } from "../../model/policy.ts";
import { effectiveWeight } from "../../translate/spread/priority-load.ts";
import { envoyHashed } from "./envoy-hashed.ts";
import { envoyPriorities } from "./envoy-priorities.ts";
import { type Balance, byWeight, type Host, type HostShare, type Level, type Part } from "./host.ts";

/** What Envoy makes of its hosts: priorities first, then localities, then a host in one. */
export function envoyBalance(levels: readonly Level[], policy: TrafficPolicy, hash: bigint | undefined): Balance {
  if (levels.length === 0) return { loads: [], panics: [], hosts: [] };
  const { healthy, degraded, panics } = envoyPriorities(levels, policy);
  let begun = 0;
  const draws = (state: Draw["state"], loads: readonly number[]) =>
    loads.map((percent, level): Draw => {
      begun += percent;
      return { level, state, panic: panics[level] ?? false, from: begun - percent, to: begun };
    });
  const isHashed = policy.loadBalancer.kind === "ring-hash" || policy.loadBalancer.kind === "maglev";
  const all = [...draws("healthy", healthy), ...draws("degraded", degraded)].filter(({ from, to }) => to > from);
  const drawn = hash !== undefined && isHashed ? all.filter((draw) => isDrawnBy(hash, draw)) : all;
  const total = drawn.reduce((sum, { from, to }) => sum + to - from, 0);
  const hosts = drawn.flatMap((draw) =>
    partsOf(levels[draw.level] ?? [], draw, policy, hash).map((part) => ({
      ...part,
      level: draw.level,
      share: (part.share * (draw.to - draw.from)) / total,
    })),
  );
  const loads = levels.map(
    (_, level) =>
      drawn.filter((draw) => draw.level === level).reduce((sum, { from, to }) => sum + to - from, 0) / total,
  );
  return { loads, panics, hosts: together(hosts) };
}

/**
 * Of the hundred numbers that a request's random number leaves as its remainder, those that lead to the hosts of one state in
 * one priority (`choosePriority` in source/extensions/load_balancing_policies/common/load_balancer_impl.cc).
 */
type Draw = {
  readonly level: number;
  readonly state: "healthy" | "degraded";
  readonly panic: boolean;
  readonly from: number;
  readonly to: number;
};

/** A hash is the random number as well. */
function isDrawnBy(hash: bigint, { from, to }: Draw): boolean {
  const rest = Number(hash % 100n);
  return rest >= from && rest < to;
}

function partsOf(level: Level, draw: Draw, policy: TrafficPolicy, hash: bigint | undefined): readonly Part[] {
  const { loadBalancer: balancer, overprovisioningFactor } = policy;
  if (balancer.kind === "ring-hash" || balancer.kind === "maglev")
    return envoyHashed(level, draw.panic, balancer, hash);
  const used = level.map(({ hosts }) => (draw.panic ? hosts : hosts.filter(({ state }) => state === draw.state)));
  const placed = used.map((hosts, place) => hosts.map((host) => ({ place, host })));
  // In a panic all hosts of the priority are one list: the localities' weights do not count.
  if (draw.panic) return among(placed.flat(), balancer, draw);
  const weights = level.map(({ weight, hosts }, place) =>
    effectiveWeight(weight, used[place]?.length ?? 0, hosts.length, overprovisioningFactor),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return placed.flatMap((hosts, place) =>
    among(hosts, balancer, draw).map((part) => ({ ...part, share: (part.share * (weights[place] ?? 0)) / total })),
  );
}

function among(
  hosts: readonly { readonly place: number; readonly host: Host }[],
  balancer: Exclude<LoadBalancer, { kind: "ring-hash" | "maglev" }>,
  draw: Draw,
): readonly Part[] {
  switch (balancer.kind) {
    // By weight; least request too while hosts have equally few requests.
    case "round-robin":
    case "least-request":
      return byWeight(hosts);
    case "random":
      return atRandom(hosts, draw);
    // Without reports all count alike (gRFC A58), whatever they weigh.
    case "weighted-round-robin":
      return hosts.map((each) => ({ ...each, share: 1 / hosts.length }));
    default:
      return never(balancer);
  }
}

/**
 * A random host, whatever it weighs: the remainder by their number of the very random number that has chosen the priority. So
 * hosts in a priority that gets a part only are not chosen quite alike (random_lb.cc).
 */
function atRandom(
  hosts: readonly { readonly place: number; readonly host: Host }[],
  { from, to }: Draw,
): readonly Part[] {
  const counts = new Array<number>(hosts.length).fill(0);
  // Every remainder by 100 meets every one by the number of hosts equally often within 100 times that number.
  for (let hundred = 0; hundred < hosts.length; hundred += 1) {
    for (let rest = from; rest < to; rest += 1) {
      const chosen = (hundred * 100 + rest) % hosts.length;
      counts[chosen] = (counts[chosen] ?? 0) + 1;
    }
  }
  return hosts.map((each, index) => ({ ...each, share: (counts[index] ?? 0) / (hosts.length * (to - from)) }));
}

/** A host's shares of a priority's healthy and degraded load, which are the same host in a panic. */
function together(shares: readonly HostShare[]): readonly HostShare[] {
  const byHost = new Map<Host, HostShare>();
  for (const each of shares)
    byHost.set(each.host, { ...each, share: each.share + (byHost.get(each.host)?.share ?? 0) });
  return [...byHost.values()];
}
