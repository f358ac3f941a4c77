import { type LocalityKey, localityKey } from "../../model/held-health.ts";
import type { Locality } from "../../model/locality.ts";
import type { Shares } from "./envoy-shares.ts";
import type { GroupHealth } from "./group-health.ts";
import {
  apportion,
  type LocalityGroup,
  type Placed,
  type Placement,
  placeGroups,
  priorityWeight,
} from "./locality-priority.ts";
import { expectedFrom, type Limits, ruleFor, type Spreading } from "./spreading.ts";
import { healthIn, type Standing, standingOf } from "./standing.ts";
import { type Caller, withinCeilings } from "./within-ceilings.ts";

type Levels = Placement["priorities"];

/** What is left to a caller where regions have ceilings. */
export type Room = {
  /** Where its requests go now. */
  readonly shares: Shares;
  /** Whether a ceiling changed that. */
  readonly moved: boolean;
  /** Requests a second that a region bears; infinite where nobody said. */
  ceilingOf(region: string): number;
  /** The priorities after a first one of these shares, each as wide as what would arrive there needs. */
  standbys(first: Shares): Levels;
};

/** So little is expected of a caller that nobody spoke of: it is moved as others are, and moves nobody. */
const unspokenRps = 0.001;

/**
 * What the ceilings leave of a caller's shares. All callers that requests are expected of are placed, each by its own rule, and
 * what they send is added up for each region: a failover of one may not take the room of another. Expected and not observed
 * loads: a replica sees the reports of its own clients only, and all replicas have to come to the same weights
 * (docs/decisions/0016-moving-weights.md).
 *
 * The standbys are found by trying: with all localities of the first priority dead, for everyone, where would this caller be
 * sent? That is its second priority; with those dead too, its third. A standby is as wide as the load that would arrive needs,
 * because the client fails over by itself, before any source has noticed.
 */
export function roomFor({
  groups,
  said,
  priorities,
  standing,
  spreading,
}: {
  readonly groups: readonly LocalityGroup[];
  readonly said: ReadonlyMap<LocalityGroup, GroupHealth>;
  /** Those of the caller in question, and how they stand. */
  readonly priorities: Levels;
  readonly standing: Standing;
  readonly spreading: Spreading;
}): Room | undefined {
  const { limits, caller, overrides, distances } = spreading;
  const shares = standing.found?.shares;
  if (limits === undefined || shares === undefined) return undefined;
  const ceilingOf = ceilingsOf(limits);
  const everyone = callersOf(limits, caller);
  const mine = everyone.findIndex(({ isMe }) => isMe);
  const placed = everyone.map(({ rps, at, isMe }) => {
    if (isMe) return { rps, levels: priorities, ...standing };
    const { priorities: levels } = placeGroups(groups, ruleFor(limits.split, at).rule, overrides, at, distances);
    return { rps, levels, ...standingOf(levels, said, spreading) };
  });

  const now = placed.flatMap(({ rps, levels, health, found }): readonly Caller[] => {
    const usable = levels.map((level) => level.filter(({ group }) => healthIn(health, group).usable > 0));
    const isHeld = ({ group }: Placed) => isHeldWhole(healthIn(health, group));
    // What is held back is used too, before anything else is loaded past its ceiling.
    const allowed = [
      ...usable.map((level) => level.filter((each) => !isHeld(each))),
      ...usable.map((level) => level.filter(isHeld)),
    ];
    return found === undefined ? [] : [{ rps, shares: found.shares, allowed }];
  });
  const after = sharesOfMine(now, shares);
  const moved = !isSame(after, shares);
  return { shares: moved ? after : shares, moved, ceilingOf, standbys };

  function sharesOfMine(callers: readonly Caller[], mineBefore: Shares): Shares {
    const index = callers.findIndex((each) => each.shares === mineBefore);
    return withinCeilings(callers, ceilingOf)[index] ?? mineBefore;
  }

  function standbys(first: Shares): Levels {
    const dead = new Set<LocalityKey>(first.keys());
    const found: Levels[number][] = [];
    for (;;) {
      const left = placed.map(({ rps, levels, health }) => ({ rps, levels: livingOf(levels, health, dead) }));
      const next = firstOf(left[mine]?.levels ?? []);
      if (next === undefined) break;
      const wanted = weightsAsShares(next);
      const callers = left.flatMap(({ rps, levels }, index): readonly Caller[] => {
        const front = firstOf(levels);
        if (front === undefined) return [];
        return [{ rps, shares: index === mine ? wanted : weightsAsShares(front), allowed: levels }];
      });
      const level = levelOf(sharesOfMine(callers, wanted), left[mine]?.levels.flat() ?? []);
      if (level.length === 0) break;
      found.push(level);
      for (const { group } of level) dead.add(localityKey(group.locality));
    }
    const rest = priorities.map((level) => level.filter(({ group }) => !dead.has(localityKey(group.locality))));
    return [...found, ...rest.filter((level) => level.length > 0)];
  }
}

/** Without the dead, and what is held back; levels stay where they are, so that a failover is still one. */
function livingOf(levels: Levels, health: Standing["health"], dead: ReadonlySet<LocalityKey>): Levels {
  return levels.map((level) =>
    level.filter(({ group }) => {
      const each = healthIn(health, group);
      return each.usable > 0 && !isHeldWhole(each) && !dead.has(localityKey(group.locality));
    }),
  );
}

function firstOf(levels: Levels): Levels[number] | undefined {
  return levels.find((level) => level.length > 0);
}

function isHeldWhole({ isHeld, healthy, degraded }: GroupHealth): boolean {
  return isHeld && healthy + degraded === 0;
}

/** What a split says of a region, or less where its serving endpoints bear less. */
function ceilingsOf({ split, rpsPerEndpoint, endpoints }: Limits): (region: string) => number {
  const said = new Map(split.ceilings.map(({ region, rps }) => [region, rps]));
  const serving = new Map<string, number>();
  if (rpsPerEndpoint !== undefined)
    for (const { health, locality } of endpoints)
      if (health === "serving") serving.set(locality.region, (serving.get(locality.region) ?? 0) + 1);
  return (region) => {
    const borne = rpsPerEndpoint === undefined ? Number.POSITIVE_INFINITY : rpsPerEndpoint * (serving.get(region) ?? 0);
    return Math.min(said.get(region) ?? Number.POSITIVE_INFINITY, borne);
  };
}

/** All callers that requests are expected of; the one in question stands for those of its entry. */
function callersOf({ split: { expectedRps } }: Limits, caller: Locality) {
  const mine = expectedFrom(expectedRps, caller);
  const known = expectedRps.map(({ from, rps }, index) => {
    const { region = "", zone = "", subZone = "" } = from;
    return { rps, at: { region, zone, subZone }, isMe: index === mine };
  });
  return mine >= 0 ? known : [...known, { rps: unspokenRps, at: caller, isMe: true }];
}

/** A level alone. */
export function weightsAsShares(level: readonly Placed[]): Shares {
  const total = level.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(level.map(({ group, weight }) => [localityKey(group.locality), weight / total]));
}

function levelOf(shares: Shares, placed: readonly Placed[]): readonly Placed[] {
  const there = placed.filter(({ group }) => shares.has(localityKey(group.locality)));
  const weights = apportion(
    priorityWeight,
    there.map(({ group }) => shares.get(localityKey(group.locality)) ?? 0),
  );
  return there.map(({ group }, index) => ({ group, weight: weights[index] ?? 1 }));
}

function isSame(a: Shares, b: Shares): boolean {
  return a.size === b.size && [...a].every(([key, share]) => Math.abs(share - (b.get(key) ?? 0)) < 1e-9);
}
