import { getOrMake } from "../lib/get-or-make.ts";
import { type Drain, drainedSplit, drainsAt, drainsOf } from "../model/drain.ts";
import type { ServiceName } from "../model/names.ts";
import type { ServiceSpec } from "../model/service.ts";
import { plainSplit, type Split } from "../model/split.ts";
import type { Book, World } from "../model/world.ts";

type Splits = World["splits"];
type Drained = { readonly by: readonly Drain[]; readonly split: Split };

// As in world-parts.ts: what did not change has to be the very same object.
const plainSplits = new WeakMap<ServiceSpec, Split>();
const drainedBefore = new WeakMap<Split, Drained>();
const lastSplits = new WeakMap<Splits, Splits>();

/** The splits in force with what the drains in force make of them, for every service that a drain is for. Equal answers are the same objects. */
export function drainedSplits(splits: Splits, { services, drains }: Book, now: Date): Splits {
  const inForce = drainsAt(drains, now);
  if (inForce.length === 0) return splits;
  const next = new Map<ServiceName, Split>(splits);
  for (const [name, spec] of services) {
    const own = drainsOf(name, inForce);
    if (own.length > 0) next.set(name, drained(splits.get(name) ?? plainSplitOf(name, spec), own));
  }
  const before = lastSplits.get(splits);
  if (before?.size === next.size && [...next].every(([name, split]) => before.get(name) === split)) return before;
  lastSplits.set(splits, next);
  return next;
}

function plainSplitOf(service: ServiceName, spec: ServiceSpec): Split {
  return getOrMake(plainSplits, spec, () => ({ ...plainSplit, name: service, service, rules: [] }));
}

function drained(split: Split, by: readonly Drain[]): Split {
  const before = drainedBefore.get(split);
  if (before && before.by.length === by.length && before.by.every((each, i) => each === by[i])) return before.split;
  const next = drainedSplit(split.service, split, by);
  drainedBefore.set(split, { by, split: next });
  return next;
}
