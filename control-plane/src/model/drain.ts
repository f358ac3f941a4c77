import type { LocalityPattern } from "./locality.ts";
import type { ServiceName } from "./names.ts";
import { type Override, plainSplit, type Split } from "./split.ts";

/**
 * A Drain document: one exception for many services, which always expires.
 * - `drain`: nobody is sent there while there is anywhere else.
 * - `isolate`: callers inside are sent nowhere else, callers outside are not sent there.
 */
export type Drain = {
  readonly name: string;
  readonly locality: LocalityPattern;
  readonly mode: "drain" | "isolate";
  /** Undefined: all, those that come later too. */
  readonly services: readonly ServiceName[] | undefined;
  readonly reason: string;
  readonly by: string;
  readonly expireTime: Date;
};

/** Those that have not expired. */
export function drainsAt(drains: readonly Drain[] | undefined, now: Date): readonly Drain[] {
  return (drains ?? []).filter(({ expireTime }) => expireTime > now);
}

/** Those of them that are for this service. */
export function drainsOf(service: ServiceName, drains: readonly Drain[]): readonly Drain[] {
  return drains.filter(({ services }) => services === undefined || services.includes(service));
}

const overrides = new WeakMap<Drain, Override>();

/** A split with what drains make of it; without a split of its own a service gets the plain one. The very same object without drains. */
export function drainedSplit<S extends Split | undefined>(
  service: ServiceName,
  split: S,
  drains: readonly Drain[],
): S | Split {
  if (drains.length === 0) return split;
  const before = split ?? { ...plainSplit, name: service, service, rules: [] };
  return { ...before, overrides: [...before.overrides, ...drains.map(overrideOf)] };
}

function overrideOf(drain: Drain): Override {
  const { name, locality, mode, reason, by, expireTime } = drain;
  const made: Override = overrides.get(drain) ?? {
    ...{ locality, weight: 0, reason, by, expireTime, drain: name },
    ...(mode === "isolate" && { isolates: true }),
  };
  overrides.set(drain, made);
  return made;
}
