import { sortedBy } from "../../lib/order.ts";
import { type Distances, noDistances } from "../../model/distances.ts";
import { localityKey } from "../../model/held-health.ts";
import { type Locality, type LocalityPattern, localityText, matchesLocality } from "../../model/locality.ts";
import type { Endpoint } from "../../model/service.ts";
import { isOverridden, type Override, type SplitRule } from "../../model/split.ts";

/** The endpoints of one locality: those that may get requests, and those that only finish the ones they have. */
export type LocalityGroup = {
  readonly locality: Locality;
  readonly live: readonly Endpoint[];
  readonly draining: readonly Endpoint[];
};

/** A locality inside a priority, with its share of that priority's requests relative to its neighbours there. */
export type Placed = { readonly group: LocalityGroup; readonly weight: number };

export type Placement = {
  /** First to last; no priority is empty, each locality stands in one only, and each has a live endpoint there. */
  readonly priorities: readonly (readonly Placed[])[];
  /** The localities of the priorities, and those that would stand there too, as far as they have draining endpoints. */
  readonly draining: readonly LocalityGroup[];
};

/**
 * What the weights of a priority's localities add up to. As large as may be, so that 1 % split over uneven zones is still
 * exact: ring hash in grpc-go multiplies a locality's weight with its endpoint's (at most 10,000) in 32 bits.
 */
export const priorityWeight = 400_000;

/**
 * Where a caller's requests go: a split's weights as localities of priority 0, its failover list as the priorities after.
 * Endpoints that fail count as if they did not, for their loss is noticed and answered by the client: Envoy spills over,
 * gRPC leaves them out. Draining ones carry no weight: they leave on purpose, and what they had goes to their neighbours.
 */
export function placeLocalities(
  endpoints: readonly Endpoint[],
  rule: SplitRule,
  overrides: readonly Override[],
  caller: Locality,
  distances: Distances = noDistances,
): Placement {
  return placeGroups(groupByLocality(endpoints), rule, overrides, caller, distances);
}

/** The same of endpoints that are grouped already, for several callers. */
export function placeGroups(
  groups: readonly LocalityGroup[],
  rule: SplitRule,
  overrides: readonly Override[],
  caller: Locality,
  distances: Distances,
): Placement {
  const held = isStranded(groups, overrides, caller) ? overrides.filter(({ isolates }) => !isolates) : overrides;
  const remains = (group: LocalityGroup) => remainingPart(held, group.locality, caller);
  const tiers = tiersOf(
    rule,
    caller,
    distances,
    groups.filter((group) => remains(group) > 0),
  );
  const priorities = tiers.map((tier) => weigh(tier, remains)).filter((placed) => placed.length > 0);
  if (priorities.length > 0) return { priorities, draining: drainingOf(tiers) };

  // An assignment without endpoints fails every request at once. A split that leaves none while the service has some (a
  // region mistyped, all of it drained, an override on everything) sends them to whatever there is instead.
  const anywhere = groups.filter((group) => remains(group) > 0 && group.live.length > 0);
  const lastResort = weigh([whole(anywhere.length > 0 ? anywhere : groups)], (group) => remains(group) || 1);
  const leaving = drainingOf(tiers);
  return {
    priorities: lastResort.length > 0 ? [lastResort] : [],
    draining: leaving.length > 0 ? leaving : drainingOf([[whole(groups)]]),
  };
}

/** Some of a priority's weight, to be divided among localities as their live endpoints' weights are. */
type Portion = { readonly amount: number; readonly groups: readonly LocalityGroup[] };
type Tier = readonly Portion[];

function tiersOf(
  rule: SplitRule,
  caller: Locality,
  distances: Distances,
  groups: readonly LocalityGroup[],
): readonly Tier[] {
  const left = new Set(groups);
  const take = (pattern: LocalityPattern): Tier => {
    const taken = [...left].filter(({ locality }) => matchesLocality(pattern, locality));
    for (const group of taken) left.delete(group);
    return [whole(taken)];
  };
  const outward = () => byDistance(left, caller, distances);
  const failover = () => (rule.failover === "nearest" ? outward() : rule.failover.map(take));

  if (rule.spread.kind === "shares") {
    const portions = portionsOf(rule.spread.to, groups);
    const drop = (dropped: Tier) => {
      for (const group of dropped.flatMap((portion) => portion.groups)) left.delete(group);
    };
    const first = portions.filter(({ amount }) => amount > 0);
    drop(first);
    if (rule.failover !== "nearest") return [first, ...failover()];
    // A share of 0 is said on purpose: nothing goes there while anything else is near or far.
    const none = portions.filter(({ amount }) => amount === 0);
    drop(none);
    return [first, ...failover(), [whole(none.flatMap((portion) => portion.groups))]];
  }
  // Nothing is nearest to a caller that did not say where it is.
  if (caller.region === "") return [[whole(groups)]];
  const own = { region: caller.region, zone: undefined, subZone: undefined };
  const ownZone = caller.zone === "" ? [] : [take({ ...own, zone: caller.zone })];
  const ownRegion = take(own);
  return [...ownZone, ownRegion, ...(rule.failover.length === 0 ? outward() : failover())];
}

/** Region after region, as far as distances are known; those equally far together, and all that nobody knows of at the end. */
function byDistance(groups: Iterable<LocalityGroup>, caller: Locality, distances: Distances): readonly Tier[] {
  const known = distances.get(caller.region);
  const distance = (region: string) =>
    region === caller.region ? 0 : (known?.get(region) ?? Number.POSITIVE_INFINITY);
  const byMs = Map.groupBy(groups, ({ locality }) => distance(locality.region));
  return [...byMs].sort(([a], [b]) => a - b).map(([, near]) => [whole(near)]);
}

/** A locality belongs to the narrowest target that names it, so `{dc-a: 90, dc-a/z1: 10}` means what it says. */
function portionsOf(
  to: readonly { readonly locality: LocalityPattern; readonly percent: number }[],
  groups: readonly LocalityGroup[],
): Tier {
  const narrowestFirst = [...to].sort((a, b) => depth(b.locality) - depth(a.locality));
  const left = new Set(groups);
  const portions = narrowestFirst.map(({ locality, percent }) => {
    const mine = [...left].filter((group) => matchesLocality(locality, group.locality));
    for (const group of mine) left.delete(group);
    return { amount: Math.round((percent * priorityWeight) / 100), groups: mine };
  });
  return portions;
}

function depth(pattern: LocalityPattern): number {
  return [pattern.region, pattern.zone, pattern.subZone].filter((part) => part !== undefined).length;
}

function whole(groups: readonly LocalityGroup[]): Portion {
  return { amount: priorityWeight, groups };
}

function weigh(tier: Tier, remains: (group: LocalityGroup) => number): readonly Placed[] {
  const placed = tier.flatMap(({ amount, groups }) => {
    const live = groups.filter((group) => group.live.length > 0);
    const weights = apportion(amount, live.map(capacity));
    return live.map((group, index) => ({
      group,
      weight: Math.max(1, Math.round((weights[index] ?? 0) * remains(group))),
    }));
  });
  return sortedBy(placed, ({ group }) => localityText(group.locality));
}

function capacity({ live }: LocalityGroup): number {
  return live.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Divides a whole number in proportion to `parts` into whole numbers that add up to it (largest remainder), but never
 * gives less than 1: Envoy sends nothing to a locality of weight 0, and gRPC leaves one without weight out.
 */
export function apportion(amount: number, parts: readonly number[]): readonly number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  const exact = parts.map((part) => (amount * part) / sum);
  const floors = exact.map(Math.floor);
  const missing = amount - floors.reduce((total, floor) => total + floor, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  const oneMore = new Set(byRemainder.slice(0, missing).map(({ index }) => index));
  return floors.map((floor, index) => Math.max(1, oneMore.has(index) ? floor + 1 : floor));
}

/** Who is kept inside where nobody is, or outside of all that there is, goes by the rule: isolating is no reason to go anywhere else. */
function isStranded(groups: readonly LocalityGroup[], overrides: readonly Override[], caller: Locality): boolean {
  return !groups.some(({ live, locality }) => live.length > 0 && remainingPart(overrides, locality, caller) > 0);
}

/** What the overrides leave a caller of a locality's weight, 1 being all; several that name it multiply. */
function remainingPart(overrides: readonly Override[], locality: Locality, caller: Locality): number {
  return overrides
    .filter((override) => isOverridden(override, locality, caller))
    .reduce((part, { weight }) => (part * weight) / 100, 1);
}

function drainingOf(tiers: readonly Tier[]): readonly LocalityGroup[] {
  const groups = tiers.flat().flatMap((portion) => portion.groups);
  return sortedBy(
    groups.filter(({ draining }) => draining.length > 0),
    ({ locality }) => localityText(locality),
  );
}

export function groupByLocality(endpoints: readonly Endpoint[]): readonly LocalityGroup[] {
  const byLocality = Map.groupBy(endpoints, ({ locality }) => localityKey(locality));
  return sortedBy(byLocality.values(), ([first]) => (first ? localityKey(first.locality) : "")).flatMap((members) => {
    const locality = members[0]?.locality;
    if (!locality) return [];
    const draining = members.filter(({ health }) => health === "draining");
    return [{ locality, draining, live: members.filter(({ health }) => health !== "draining") }];
  });
}
