import { defaultPolicy } from "../model/default-policy.ts";
import { type Held, type HeldHealth, healthPercent, type LocalityKey, localityKey } from "../model/held-health.ts";
import type { ServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { type Failback, plainSplit } from "../model/split.ts";
import type { World } from "../model/world.ts";
import { type LocalityPace, paceLocality, type Rise, type Said } from "./pace-locality.ts";

/** The health of every service's localities as it is used. */
export type Pace = {
  readonly services: ReadonlyMap<ServiceName, ServicePace>;
  /** What is used less than it could be; the very same object as before while it is equal. */
  readonly held: World["held"];
  /** When to ask again although nothing has changed; undefined when nothing is on its way up. */
  readonly nextMs: number | undefined;
};

type ServicePace = {
  readonly service: Service;
  readonly failback: Failback;
  readonly enoughPercent: number;
  readonly localities: ReadonlyMap<LocalityKey, LocalityPace>;
  readonly held: HeldHealth;
  readonly nextMs: number | undefined;
};

export const nothingPaced: Pace = { services: new Map(), held: new Map(), nextMs: undefined };

/** Without a failback gRPC clients are told of rising health like this: their weights are not to change with each second. */
const gentle: Rise = { holdForMs: 2_000, stepPercent: 25, everyMs: 1_000 };

/**
 * The next pace of a world. Pure: the clock is given, and what is the same object as before is not looked at again. A locality
 * that was never seen is used at once as it is; one that was and is no longer there counts as failed, unless it drained.
 */
export function pace(
  before: Pace,
  { catalog, splits, policies }: Pick<World, "catalog" | "splits" | "policies">,
  nowMs: number,
): Pace {
  const services = new Map<ServiceName, ServicePace>();
  const held = new Map<ServiceName, HeldHealth>();
  let nextMs: number | undefined;
  for (const [name, service] of catalog) {
    const { failback } = splits.get(name) ?? plainSplit;
    const enoughPercent = 10_000 / (policies.get(name) ?? defaultPolicy).overprovisioningFactor;
    const last = before.services.get(name);
    const isSame =
      last?.service === service &&
      last.failback === failback &&
      last.enoughPercent === enoughPercent &&
      (last.nextMs === undefined || last.nextMs > nowMs);
    const next = isSame ? last : paceService(last, { service, failback, enoughPercent }, nowMs);
    services.set(name, next);
    if (next.held.size > 0) held.set(name, next.held);
    if (next.nextMs !== undefined) nextMs = Math.min(nextMs ?? next.nextMs, next.nextMs);
  }
  return { services, held: isEqual(before.held, held) ? before.held : held, nextMs };
}

function paceService(
  last: ServicePace | undefined,
  { service, failback, enoughPercent }: Pick<ServicePace, "service" | "failback" | "enoughPercent">,
  nowMs: number,
): ServicePace {
  const isHeldBack = failback.holdForMs > 0;
  const rise = isHeldBack ? failback : gentle;
  const said = saidOf(service);
  const localities = new Map<LocalityKey, LocalityPace>();
  const held = new Map<LocalityKey, Held>();
  let nextMs: number | undefined;
  for (const key of new Set([...(last?.localities.keys() ?? []), ...said.keys()])) {
    const next = paceLocality(last?.localities.get(key), said.get(key) ?? "gone", { rise, enoughPercent, nowMs });
    localities.set(key, next.pace);
    if (next.nextMs !== undefined) {
      nextMs = Math.min(nextMs ?? next.nextMs, next.nextMs);
      held.set(key, { percent: next.pace.percent, onEnvoy: isHeldBack });
    }
  }
  const isHeldAsBefore = last !== undefined && isEqualHeld(last.held, held);
  return { service, failback, enoughPercent, localities, held: isHeldAsBefore ? last.held : held, nextMs };
}

function saidOf({ endpoints }: Service): ReadonlyMap<LocalityKey, Said> {
  const counts = new Map<LocalityKey, { live: number; serving: number }>();
  for (const { locality, health } of endpoints) {
    const key = localityKey(locality);
    const count = counts.get(key) ?? { live: 0, serving: 0 };
    if (health !== "draining") count.live += 1;
    if (health === "serving") count.serving += 1;
    counts.set(key, count);
  }
  return new Map(
    [...counts].map(([key, { live, serving }]): [LocalityKey, Said] => [
      key,
      live === 0 ? "draining" : { serving, percent: healthPercent(serving, live) },
    ]),
  );
}

function isEqual(a: World["held"], b: World["held"]): boolean {
  return a.size === b.size && [...a].every(([name, held]) => b.get(name) === held);
}

function isEqualHeld(a: HeldHealth, b: HeldHealth): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, { percent, onEnvoy }]) => b.get(key)?.percent === percent && b.get(key)?.onEnvoy === onEnvoy)
  );
}
