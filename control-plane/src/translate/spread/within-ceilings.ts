import { byText } from "../../lib/order.ts";
import { type LocalityKey, localityKey } from "../../model/held-health.ts";
import type { Shares } from "./envoy-shares.ts";
import type { Placed } from "./locality-priority.ts";

/** Callers of one place: what they send in a second, where to, and where else they may be sent, the preferred first. */
export type Caller = {
  readonly rps: number;
  readonly shares: Shares;
  readonly allowed: readonly (readonly Placed[])[];
};

/** Below this much of a request a second nothing is moved. */
const noticeableRps = 1e-6;
/** Each turn empties a region's excess or fills the room that someone can reach; so many are never needed. */
const mostTurns = 1_000;

/**
 * Moves shares of callers out of regions that get more than their ceiling, as long as another region that a caller may use
 * has room: first to the regions of the earliest tier that have room, in proportion to it, and first the callers whose failover
 * the region is; where all that a caller may use is full, callers who have other places make room there. Loads are those of all callers together, so no region gets over its
 * ceiling by this, and what no one has room for stays where it was. The same input gives the same shares in every replica.
 */
export function withinCeilings(callers: readonly Caller[], ceilingOf: (region: string) => number): readonly Shares[] {
  const desks = callers.map(deskOf);
  const regions = [...new Set(desks.flatMap(({ regions }) => regions))].sort(byText);
  const loads = new Map(regions.map((region) => [region, sum(desks.map((desk) => desk.rpsAt(region)))]));
  const loadOf = (region: string) => loads.get(region) ?? 0;
  const excessOf = (region: string) => loadOf(region) - ceilingOf(region);
  const roomOf = (region: string) => Math.max(0, ceilingOf(region) - loadOf(region));

  for (let turn = 0; turn < mostTurns; turn += 1) {
    const over = regions.filter((region) => excessOf(region) > noticeableRps);
    if (!over.some((region) => relieve(region) || relieveThroughOthers(region))) break;
  }
  return desks.map(({ shares }) => shares());

  /** First those leave whose failover it is, and last those whose own it is; each in proportion to what it sends there. */
  function relieve(region: string): boolean {
    const there = desks.filter((desk) => desk.rpsAt(region) > 0);
    const byTier = Map.groupBy(there, (desk) => desk.tierOf(region));
    const before = excessOf(region);
    for (const tier of [...byTier.keys()].sort((a, b) => b - a)) {
      let leaving = byTier.get(tier) ?? [];
      while (leaving.length > 0 && excessOf(region) > noticeableRps) {
        const load = leaving.reduce((sum, desk) => sum + desk.rpsAt(region), 0);
        const part = Math.min(1, excessOf(region) / load);
        const parts = leaving.map((desk) => [desk, part * desk.rpsAt(region)] as const);
        // Who found no place for his part has none: the others go instead.
        leaving = parts
          .filter(([desk, amount]) => moveElsewhere(desk, region, amount) <= noticeableRps)
          .map(([desk]) => desk);
        if (part === 1) break;
      }
    }
    return before - excessOf(region) > noticeableRps / 2;
  }

  /** Gives how much of it found no place. */
  function moveElsewhere(desk: Desk, region: string, amount: number): number {
    let left = amount;
    for (const tier of desk.tiers) {
      if (left <= noticeableRps / 1_000) return 0;
      const others = tier.filter((each) => each.region !== region && roomOf(each.region) > noticeableRps);
      for (const { region: to, amount: taken } of portions(left, others)) {
        move(desk, { from: region, to, amount: taken });
        left -= taken;
      }
    }
    return left;
  }

  function move(
    desk: Desk,
    { from, to, amount }: { readonly from: string; readonly to: string; readonly amount: number },
  ) {
    desk.move(from, to, amount);
    loads.set(from, loadOf(from) - amount);
    loads.set(to, loadOf(to) + amount);
  }

  /** What goes to each, in proportion to its room; where some have no ceiling, they take all of it. */
  function portions(amount: number, tier: readonly Place[]) {
    const unlimited = tier.filter(({ region }) => roomOf(region) === Number.POSITIVE_INFINITY);
    const weighted = unlimited.length > 0 ? unlimited : tier.map((each) => ({ ...each, weight: roomOf(each.region) }));
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
    const taken = unlimited.length > 0 ? amount : Math.min(amount, total);
    return weighted.map(({ region, weight }) => ({ region, amount: (taken * weight) / total }));
  }

  /** Along the shortest chain of callers: each gives a place up to the one before, for a place that has room. */
  function relieveThroughOthers(region: string): boolean {
    const cameBy = new Map<string, { readonly from: string; readonly desk: Desk }>();
    const queue = [region];
    for (const from of queue) {
      for (const desk of desks) {
        if (desk.rpsAt(from) <= noticeableRps) continue;
        for (const to of desk.regions) {
          if (to === region || cameBy.has(to)) continue;
          cameBy.set(to, { from, desk });
          queue.push(to);
          if (roomOf(to) > noticeableRps) return moveAlong(region, to, cameBy);
        }
      }
    }
    return false;
  }

  function moveAlong(
    region: string,
    end: string,
    cameBy: ReadonlyMap<string, { readonly from: string; readonly desk: Desk }>,
  ): boolean {
    const hops: { readonly from: string; readonly to: string; readonly desk: Desk }[] = [];
    for (let to = end; to !== region; ) {
      const hop = cameBy.get(to);
      if (hop === undefined) return false;
      hops.push({ ...hop, to });
      to = hop.from;
    }
    const amount = Math.min(excessOf(region), roomOf(end), ...hops.map(({ from, desk }) => desk.rpsAt(from)));
    for (const { from, to, desk } of hops) move(desk, { from, to, amount });
    return amount > noticeableRps / 2;
  }
}

/** A region as one of a tier: how much of the tier's weight it has. */
type Place = { readonly region: string; readonly weight: number };

type Desk = ReturnType<typeof deskOf>;

/** One caller while its shares are moved. */
function deskOf({ rps, shares: given, allowed }: Caller) {
  const shares = new Map(given);
  const home = new Map<string, ReadonlyMap<LocalityKey, number>>();
  const tiers = allowed.map((placed) =>
    [...Map.groupBy(placed, ({ group }) => group.locality.region)].map(([region, there]): Place => {
      const weights = new Map(there.map(({ group, weight }) => [localityKey(group.locality), weight]));
      if (!home.has(region)) home.set(region, weights);
      return { region, weight: sum(weights.values()) };
    }),
  );

  const keysAt = new Map<string, readonly LocalityKey[]>(
    Map.groupBy(shares.keys(), (key) => key.slice(0, key.indexOf("/"))),
  );
  const parts = new Map([...keysAt].map(([region, keys]) => [region, sum(keys.map((key) => shares.get(key) ?? 0))]));
  const shareAt = (region: string) => parts.get(region) ?? 0;
  return {
    tiers,
    regions: [...home.keys()],
    tierOf: (region: string) => tiers.findIndex((tier) => tier.some((each) => each.region === region)),
    rpsAt: (region: string) => rps * shareAt(region),
    /** Requests a second; never more than there are. */
    move(from: string, to: string, amount: number) {
      if (amount <= 0 || shareAt(from) <= 0) return;
      const share = amount / rps;
      const kept = Math.max(0, 1 - share / shareAt(from));
      for (const key of keysAt.get(from) ?? []) shares.set(key, (shares.get(key) ?? 0) * kept);
      // Where it has a share already, that grows; else its weights there are what the rule says.
      const known = (keysAt.get(to) ?? []).map((key) => [key, shares.get(key) ?? 0] as const);
      const targets = shareAt(to) > 0 ? known : [...(home.get(to) ?? [])];
      const total = sum(targets.map(([, part]) => part));
      for (const [key, part] of targets) shares.set(key, (shares.get(key) ?? 0) + (share * part) / total);
      keysAt.set(to, [...new Set([...(keysAt.get(to) ?? []), ...targets.map(([key]) => key)])]);
      parts.set(from, Math.max(0, shareAt(from) - share));
      parts.set(to, shareAt(to) + share);
    },
    shares: (): Shares => new Map([...shares].filter(([, share]) => share > 1e-9)),
  };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
