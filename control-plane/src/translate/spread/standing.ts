import { type EnvoyShares, envoyShares } from "./envoy-shares.ts";
import { type GroupHealth, released } from "./group-health.ts";
import type { LocalityGroup, Placement } from "./locality-priority.ts";
import type { Spreading } from "./spreading.ts";

/** How a caller's priorities stand: by which health, and what Envoy would make of them. */
export type Standing = {
  readonly health: ReadonlyMap<LocalityGroup, GroupHealth>;
  /** Undefined when nothing is healthy. */
  readonly found: EnvoyShares | undefined;
};

/** What is held back counts as held, unless the rest is not enough without it: then nothing is held. */
export function standingOf(
  priorities: Placement["priorities"],
  said: ReadonlyMap<LocalityGroup, GroupHealth>,
  spreading: Pick<Spreading, "overprovisioningFactor" | "keepsWeights">,
): Standing {
  const sharesBy = (health: ReadonlyMap<LocalityGroup, GroupHealth>) =>
    envoyShares(priorities, (group) => healthIn(health, group), spreading);
  const found = sharesBy(said);
  if (found?.isEnough || ![...said.values()].some(({ isHeld }) => isHeld)) return { health: said, found };
  const health = new Map([...said].map(([group, each]) => [group, released(each, group)]));
  return { health, found: sharesBy(health) };
}

export function healthIn(health: Standing["health"], group: LocalityGroup): GroupHealth {
  return health.get(group) ?? nobody;
}

const nobody: GroupHealth = { hosts: 0, healthy: 0, degraded: 0, usable: 0, isHeld: false };
