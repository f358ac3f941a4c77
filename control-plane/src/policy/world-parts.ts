import { isDeepStrictEqual } from "node:util";
import { noDistances } from "../model/distances.ts";
import { drainsAt } from "../model/drain.ts";
import type { ServiceName } from "../model/names.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import { nextShiftChange } from "../model/shift.ts";
import { type Split, splitAt } from "../model/split.ts";
import type { Book, World } from "../model/world.ts";
import { drainedSplits } from "./drained-splits.ts";

type Splits = World["splits"];

// Translation remembers what it made by the identity of its inputs, so a split whose overrides did not expire since the last
// look, and whose shift is at the same step, must be the very same object, although it has to be made each time.
const lastSplit = new WeakMap<Split, Split>();
const lastSplits = new WeakMap<Book["splits"], Splits>();
const policiesByService = new WeakMap<Book["policies"], World["policies"]>();

/** What a world has besides the documents and the endpoints. */
export type Surroundings = Pick<World, "held" | "distances">;

const nothingKnown: Surroundings = { held: new Map(), distances: noDistances };

const noPatches: NonNullable<Book["patches"]> = [];

/** All of a world but its endpoints, at a time: without the overrides that have expired, with the shares of shifts. Equal answers are the same objects. */
export function worldParts(
  book: Book,
  now: Date,
  { held, distances } = nothingKnown,
): Omit<World, "revision" | "catalog"> {
  const { routes, patches = noPatches } = book;
  const splits = drainedSplits(splitsAt(book.splits, now), book, now);
  return { splits, policies: byService(book.policies), routes, patches, held, distances };
}

/** When the next override or drain expires, or a shift goes on, and `worldParts` will answer otherwise; undefined when none will. */
export function nextExpiry(book: Book, now: Date): Date | undefined {
  let next: Date | undefined;
  for (const { overrides, shift } of book.splits.values())
    for (const time of [...overrides.map(({ expireTime }) => expireTime), shift && nextShiftChange(shift, now)])
      if (time !== undefined && time > now && (next === undefined || time < next)) next = time;
  for (const { expireTime } of drainsAt(book.drains, now))
    if (next === undefined || expireTime < next) next = expireTime;
  return next;
}

function splitsAt(splits: Splits, now: Date): Splits {
  const next = new Map([...splits].map(([service, split]): [ServiceName, Split] => [service, inForce(split, now)]));
  const before = lastSplits.get(splits) ?? splits;
  if (before.size === next.size && [...next].every(([service, split]) => before.get(service) === split)) return before;
  lastSplits.set(splits, next);
  return next;
}

function inForce(split: Split, now: Date): Split {
  const next = splitAt(split, now);
  const before = lastSplit.get(split);
  if (before && sameMembers(before.overrides, next.overrides) && isDeepStrictEqual(before.rules, next.rules))
    return before;
  lastSplit.set(split, next);
  return next;
}

function sameMembers<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function byService(policies: Book["policies"]): World["policies"] {
  const known = policiesByService.get(policies);
  if (known) return known;
  const made = new Map<ServiceName, TrafficPolicy>();
  for (const { services, policy } of policies) for (const service of services) made.set(service, policy);
  policiesByService.set(policies, made);
  return made;
}
