import { byText } from "../../lib/order.ts";
import { type LocalityKey, localityKey } from "../../model/held-health.ts";
import type { Endpoint } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import { envoyShares, type Shares } from "./envoy-shares.ts";
import { type GroupHealth, groupHealth, released } from "./group-health.ts";
import {
  apportion,
  groupByLocality,
  type LocalityGroup,
  type Placed,
  type Placement,
  placeGroups,
  priorityWeight,
} from "./locality-priority.ts";
import { effectiveWeight } from "./priority-load.ts";
import { type Room, roomFor, weightsAsShares } from "./room.ts";
import type { Spreading } from "./spreading.ts";
import { healthIn, type Standing, standingOf } from "./standing.ts";

type Levels = Placement["priorities"];

/** The priorities of one kind of client at one place, and what moved them from where the rule alone puts them. */
export type SpreadPlan = {
  readonly levels: Levels;
  readonly draining: readonly LocalityGroup[];
  /** Percent; what the client is to be told. */
  readonly overprovisioningFactor: number;
  readonly usesDegraded: boolean;
  /** Parts of all requests, as sources tell of health; undefined when they call nothing healthy. */
  readonly shares: Shares | undefined;
  readonly health: ReadonlyMap<LocalityKey, GroupHealth>;
  readonly room: Room | undefined;
};

/**
 * Where the requests of a caller go, as one kind of client has to be told of it.
 *
 * An Envoy is told the rule: its own arithmetic moves what unhealthy endpoints cannot take. A gRPC client uses one priority,
 * all or nothing, so it gets a first priority that holds whatever Envoy would send to by now, with those shares as weights;
 * what stands there stands in no later priority, for gRPC Java keeps one entry for a locality.
 *
 * Both get such a priority when shares are not what health alone would make them: when what came back is held back, and when a
 * region would get more than its ceiling. What has no share there comes after all others: it is used when nothing else lives.
 */
export function planSpread(
  endpoints: readonly Endpoint[],
  spreading: Spreading,
  flavour: Viewer["flavour"],
): SpreadPlan {
  const { rule, overrides, caller, distances, overprovisioningFactor } = spreading;
  const groups = groupByLocality(endpoints);
  const { priorities, draining } = placeGroups(groups, rule, overrides, caller, distances);
  const said = new Map(groups.map((group) => [group, groupHealth(group, spreading.held, flavour)]));
  const standing = standingOf(priorities, said, spreading);
  const { health, found } = standing;
  const room = roomFor({ groups, said, priorities, standing, spreading });
  const shares = room?.shares ?? found?.shares;
  const plan = {
    ...{ draining, overprovisioningFactor, shares, room, usesDegraded: found?.usesDegraded ?? false },
    health: new Map([...health].map(([{ locality }, each]) => [localityKey(locality), each])),
  };
  if (shares === undefined) return { ...plan, levels: priorities };
  const isHeld = priorities.flat().some(({ group }) => healthIn(health, group).isHeld);
  const [front = []] = priorities;
  const byRule = [front, ...(room?.standbys(weightsAsShares(front)) ?? priorities.slice(1))];
  const asEnvoyDoes = () =>
    (room === undefined && !isHeld) ||
    isEqual(shares, envoyShares(byRule, (group) => released(healthIn(health, group), group), spreading)?.shares);
  const standbys = (levels: Levels) =>
    flavour === "envoy" ? levels : levels.map((level) => level.map((each) => borne(each, health, spreading)));
  if (flavour === "envoy" ? asEnvoyDoes() : isSame(shares, front))
    return { ...plan, levels: [front, ...standbys(byRule.slice(1))] };

  const first = priorities.flat().filter(({ group }) => shares.has(localityKey(group.locality)));
  const others = withoutThose(room?.standbys(shares) ?? priorities, shares);
  const isOut = ({ group }: Placed) => healthIn(health, group).healthy + healthIn(health, group).degraded === 0;
  const factor = flavour === "grpc" ? overprovisioningFactor : coveringFactor(first, health, overprovisioningFactor);
  const level = levelOf(first, ({ group }) => {
    const share = shares.get(localityKey(group.locality)) ?? 0;
    if (flavour === "grpc" || spreading.keepsWeights) return share;
    // Envoy takes from a locality's weight what its endpoints cannot bear, which these shares allow for already.
    const { usable, hosts } = healthIn(health, group);
    return share / effectiveWeight(1, usable, hosts, factor);
  });
  const later = [
    ...others.map((each) => each.filter((placed) => !isOut(placed))),
    ...others.map((each) => each.filter(isOut)),
  ].filter((each) => each.length > 0);
  return { ...plan, levels: [level, ...standbys(later)], overprovisioningFactor: factor };
}

function levelOf(placed: readonly Placed[], weightOf: (placed: Placed) => number): readonly Placed[] {
  const weights = apportion(priorityWeight, placed.map(weightOf));
  const level = placed.map(({ group }, index) => ({ group, weight: weights[index] ?? 1 }));
  return level.sort((a, b) => byText(localityKey(a.group.locality), localityKey(b.group.locality)));
}

/** A locality of a standby with as much of its weight as its endpoints can bear, which gRPC does not see to itself. */
function borne(
  placed: Placed,
  health: Standing["health"],
  { overprovisioningFactor, keepsWeights }: Spreading,
): Placed {
  const { healthy, degraded, hosts } = healthIn(health, placed.group);
  const weight = effectiveWeight(placed.weight, healthy > 0 ? healthy : degraded, hosts, overprovisioningFactor);
  return keepsWeights || weight === 0 ? placed : { ...placed, weight: Math.max(1, Math.round(weight)) };
}

/** Are the weights of a level these shares? */
function isSame(shares: Shares, level: readonly Placed[]): boolean {
  const total = level.reduce((sum, { weight }) => sum + weight, 0);
  return (
    shares.size === level.length &&
    level.every(({ group, weight }) => Math.abs((shares.get(localityKey(group.locality)) ?? 0) - weight / total) < 1e-6)
  );
}

function isEqual(a: Shares, b: Shares | undefined): boolean {
  return (
    b !== undefined && a.size === b.size && [...a].every(([key, share]) => Math.abs(share - (b.get(key) ?? 0)) < 1e-6)
  );
}

function withoutThose(levels: Levels, shares: Shares): Levels {
  return levels.map((level) => level.filter(({ group }) => !shares.has(localityKey(group.locality))));
}

/**
 * The factor with which a level is healthy enough for all requests, as its sources tell of it: Envoy would send on to the next
 * what was counted in already. More than the policy's only where that does not suffice.
 */
function coveringFactor(
  level: readonly Placed[],
  health: ReadonlyMap<LocalityGroup, GroupHealth>,
  overprovisioningFactor: number,
): number {
  const there = level.map(({ group }) => healthIn(health, group));
  const hosts = there.reduce((sum, each) => sum + each.hosts, 0);
  const usable = there.reduce((sum, each) => sum + each.usable, 0);
  return usable === 0 ? overprovisioningFactor : Math.max(overprovisioningFactor, Math.ceil((100 * hosts) / usable));
}
