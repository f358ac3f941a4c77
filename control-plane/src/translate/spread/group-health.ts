import { type HeldHealth, healthPercent, localityKey } from "../../model/held-health.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { LocalityGroup } from "./locality-priority.ts";

/** How many of a locality's live endpoints count as healthy; parts of one, where health is held back or goes in steps. */
export type GroupHealth = {
  readonly hosts: number;
  readonly healthy: number;
  readonly degraded: number;
  /** Those that its sources call serving or degraded, held back or not. */
  readonly usable: number;
  readonly isHeld: boolean;
};

/** The health by which a kind of client is to be sent to a locality. */
export function groupHealth(
  { locality, live }: LocalityGroup,
  held: HeldHealth,
  flavour: Viewer["flavour"],
): GroupHealth {
  const hosts = live.length;
  const serving = live.filter(({ health }) => health === "serving").length;
  const degraded = live.filter(({ health }) => health === "degraded").length;
  const said = healthPercent(serving, hosts);
  const hold = held.get(localityKey(locality));
  const isHeld = hold !== undefined && hold.percent < said && (flavour === "grpc" || hold.onEnvoy);
  const percent = isHeld ? hold.percent : said;
  return { hosts, healthy: (hosts * percent) / 100, degraded, usable: serving + degraded, isHeld };
}

/** The same without what is held back. */
export function released(health: GroupHealth, { live }: LocalityGroup): GroupHealth {
  if (!health.isHeld) return health;
  const percent = healthPercent(live.filter(({ health }) => health === "serving").length, live.length);
  return { ...health, healthy: (health.hosts * percent) / 100, isHeld: false };
}
