import { addressText, type Endpoint } from "../../model/service.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { FeedState } from "../feed.ts";
import { keepIdentity, sameEndpoint } from "../keep-identity.ts";
import type { AddressRule } from "./address-rule.ts";
import { afterFlap, afterPass, type Flaps, isCalm, passesAtMs } from "./flaps.ts";
import type { Change } from "./guard-note.ts";
import type { GuardSettings } from "./guard-settings.ts";

/** Times are monotonic. */
export type Held = {
  readonly change: Change;
  readonly why: WhyHeld;
  readonly endpoints: readonly Endpoint[];
  readonly sinceMs: number;
  /** How many its feed had in its data center when it was lost. */
  readonly of: number;
  /** Since when its source has repeated it without a break; undefined while the source cannot be trusted to. */
  readonly repeatedSinceMs: number | undefined;
  /** When it is believed, if it is repeated until then. */
  readonly dueMs: number | undefined;
};

export type SpokenState = Exclude<FeedState, { readonly kind: "waiting" }>;
/** By address: a process that comes back under another id is the same endpoint to its clients. */
export type ByAddress = ReadonlyMap<string, readonly Endpoint[]>;

/** What is believed of one feed, beside what it says. */
export type FeedGuard = {
  /** The list that was looked at last. */
  readonly said: readonly Endpoint[];
  readonly saidBy: ByAddress;
  /** Whether its source could be trusted then to mean what it repeats. */
  readonly fresh: boolean;
  readonly believed: readonly Endpoint[];
  readonly believedBy: ByAddress;
  readonly refused: readonly Endpoint[];
  readonly held: ReadonlyMap<string, Held>;
  readonly flaps: ReadonlyMap<string, Flaps>;
  /** When something that is put off is due; undefined when nothing is. */
  readonly nextMs: number | undefined;
};

/** What a feed says that is not believed yet, or not any more. */
export type Differences = {
  readonly said: ByAddress;
  readonly refused: readonly Endpoint[];
  readonly flaps: ReadonlyMap<string, Flaps>;
  /** Believed, not named any more, and not explained; not yet held back. */
  readonly missing: readonly string[];
  /** Named and not believed; not yet held back. */
  readonly added: readonly string[];
  /** To be believed at once: changes of health and the like, and what was taken out on purpose. */
  readonly plain: readonly string[];
  /** Differences that wait because the endpoint flaps; the first is due at `flapsMs`. */
  readonly flapsMs: number | undefined;
};

/** Can a source be trusted to mean what it repeats? One whose data was lost or restored cannot. */
export function isFresh(state: SpokenState): boolean {
  return state.kind === "current" && state.evidence?.rewound === undefined;
}

export function startedGuard(endpoints: readonly Endpoint[], fresh: boolean, allows: AddressRule): FeedGuard {
  const { allowed, refused } = screened(endpoints, allows);
  const by = byAddress(allowed);
  return {
    ...{ said: endpoints, saidBy: by, fresh, believed: allowed, believedBy: by, refused },
    ...{ held: new Map(), flaps: new Map(), nextMs: undefined },
  };
}

export function differences(
  before: FeedGuard,
  state: SpokenState,
  nowMs: number,
  { allows, flapMs }: Pick<GuardSettings, "flapMs"> & { readonly allows: AddressRule },
): Differences {
  const { allowed, refused } =
    state.endpoints === before.said
      ? { allowed: undefined, refused: before.refused }
      : screened(state.endpoints, allows);
  const said = allowed ? byAddress(allowed) : before.saidBy;
  const flaps = flapsAfter(before, said, nowMs);
  const moved = movedTo(said);
  const missing: string[] = [];
  const added: string[] = [];
  const plain: string[] = [];
  let flapsMs: number | undefined;
  for (const address of new Set([...before.believedBy.keys(), ...said.keys()])) {
    const believed = before.believedBy.get(address);
    const named = said.get(address);
    if (same(believed, named) || (before.held.has(address) && (!believed || !named))) continue;
    if (isOnPurpose(believed, named, state) || (!named && moved(believed))) {
      plain.push(address);
      continue;
    }
    const flap = flaps.get(address);
    const dueMs = flap === undefined || flapMs === 0 ? nowMs : passesAtMs(flap, nowMs, flapMs);
    if (dueMs > nowMs) flapsMs = Math.min(flapsMs ?? dueMs, dueMs);
    else (believed === undefined ? added : named === undefined ? missing : plain).push(address);
  }
  return { said, refused, flaps, missing, added, plain, flapsMs };
}

/** Has whoever was at an address been named at another one since? A crashed process comes back on another port under its own id. */
export function movedTo(said: ByAddress): (endpoints: readonly Endpoint[] | undefined) => boolean {
  let ids: ReadonlySet<string> | undefined;
  return (endpoints) => {
    ids ??= new Set([...said.values()].flat().map(({ id }) => id));
    const known = ids;
    return endpoints?.every(({ id }) => known.has(id)) ?? false;
  };
}

/** How many of a data center a feed names that take requests. */
export function takingRequests(said: ByAddress, region: string): number {
  const first = [...said.values()].flatMap(([each]) => each ?? []);
  return first.filter(
    ({ locality, health }) => locality.region === region && health !== "failing" && health !== "draining",
  ).length;
}

/** Draining and what follows it, and what was taken out by itself or by an operator, are no failures to be doubted. */
function isOnPurpose(
  believed: readonly Endpoint[] | undefined,
  named: readonly Endpoint[] | undefined,
  { withdrawn }: SpokenState,
): boolean {
  if (named) return named.every(({ health }) => health === "draining");
  return believed?.every(({ id, health }) => health === "draining" || withdrawn?.has(id)) ?? false;
}

function flapsAfter(before: FeedGuard, said: ByAddress, nowMs: number): ReadonlyMap<string, Flaps> {
  if (said === before.saidBy && before.flaps.size === 0) return before.flaps;
  const flaps = new Map([...before.flaps].filter(([, each]) => !isCalm(each, nowMs)));
  if (said === before.saidBy) return flaps;
  for (const address of new Set([...before.saidBy.keys(), ...said.keys()]))
    if (!same(before.saidBy.get(address), said.get(address))) flaps.set(address, afterFlap(flaps.get(address), nowMs));
  return flaps;
}

/** What is believed once it is known which differences are held back. */
export function settledGuard(
  before: FeedGuard,
  state: SpokenState,
  { said, refused, flaps, missing, added, plain, flapsMs }: Differences,
  held: ReadonlyMap<string, Held>,
  nowMs: number,
): FeedGuard {
  const believed = new Map(before.believedBy);
  const passed = new Map(flaps);
  const take = (address: string) => {
    const named = said.get(address);
    if (named) believed.set(address, named);
    else believed.delete(address);
    const flap = passed.get(address);
    if (flap) passed.set(address, afterPass(flap, nowMs));
  };
  for (const address of [...missing, ...added, ...plain]) if (!held.has(address)) take(address);
  for (const address of before.held.keys()) if (!held.has(address)) take(address);
  const endpoints = keepIdentity(before.believed, [...believed.values()].flat());
  return {
    ...{ said: state.endpoints, saidBy: said, fresh: isFresh(state), refused, held, flaps: passed },
    believed: endpoints,
    believedBy: endpoints === before.believed ? before.believedBy : byAddress(endpoints),
    nextMs: earliest(flapsMs, ...held.values().map(({ dueMs }) => dueMs)),
  };
}

export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function screened(endpoints: readonly Endpoint[], allows: AddressRule) {
  const refused = endpoints.filter(({ address }) => allows(address) !== undefined);
  return { refused, allowed: refused.length === 0 ? endpoints : endpoints.filter((each) => !refused.includes(each)) };
}

function byAddress(endpoints: readonly Endpoint[]): ByAddress {
  return Map.groupBy(endpoints, ({ address }) => addressText(address));
}

function same(a: readonly Endpoint[] | undefined, b: readonly Endpoint[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((each, index) => sameAs(each, b[index]));
}

function sameAs(a: Endpoint, b: Endpoint | undefined): boolean {
  return b !== undefined && (a === b || sameEndpoint(a, b));
}
