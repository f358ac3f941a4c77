import type { ServiceName } from "../../model/names.ts";
import { addressText } from "../../model/service.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { Demand } from "../demand.ts";
import type { FeedKey, FeedState, FeedStates, SavedFeeds } from "../feed.ts";
import type { AddressRule } from "./address-rule.ts";
import {
  type Differences,
  differences,
  earliest,
  type FeedGuard,
  type Held,
  isFresh,
  type SpokenState,
  settledGuard,
  startedGuard,
} from "./feed-guard.ts";
import type { GuardNote } from "./guard-note.ts";
import { guardNotes } from "./guard-notes.ts";
import type { GuardSettings } from "./guard-settings.ts";
import { lossesToHold } from "./losses.ts";

/** What went of a service and was believed to, by address. */
type Recent = ReadonlyMap<string, { readonly atMs: number; readonly region: string }>;

export type Guard = {
  readonly feeds: ReadonlyMap<FeedKey, FeedGuard>;
  readonly recent: ReadonlyMap<ServiceName, Recent>;
  /** What the feeds are believed to have: what `merge` is to be given. A feed that is believed in all is the very same. */
  readonly believed: FeedStates;
  /** When it is to be asked again though nothing was said, monotonic; undefined: not before. */
  readonly nextMs: number | undefined;
};

export const nothingGuarded: Guard = { feeds: new Map(), recent: new Map(), believed: new Map(), nextMs: undefined };

export type GuardStep = { readonly guard: Guard; readonly notes: readonly GuardNote[] };

export type Said = {
  readonly demand: Demand;
  readonly states: FeedStates;
  /** Of the run before: what the first answer of a feed is measured against. */
  readonly saved: SavedFeeds;
  readonly allows: AddressRule;
  /** What is held back of this service is believed now. */
  readonly confirmed?: ServiceName;
};

// A small service may well start its second batch at once.
const leastGrowth = 25;

/**
 * What is to be believed of what the sources say. A small change is believed at once. A loss beyond the limits is held back,
 * the endpoints stay, until they are named again, or a source that can be seen has repeated the loss for the hold time, or it
 * is confirmed; a growth beyond the limits likewise, without the new endpoints. `nowMs` is monotonic.
 */
export function guard(before: Guard, said: Said, nowMs: number, settings: GuardSettings): GuardStep {
  const { demand, states, saved, allows, confirmed } = said;
  const feeds = new Map<FeedKey, FeedGuard>();
  const touched = new Map<
    FeedKey,
    { readonly state: SpokenState; readonly known: FeedGuard; readonly diff: Differences }
  >();
  const confirmedFeeds = new Set(confirmed === undefined ? [] : feedsOf(demand, confirmed));
  for (const [key, { state }] of states) {
    if (state.kind === "waiting") continue;
    const known = before.feeds.get(key) ?? startedGuard(saved.get(key)?.endpoints ?? state.endpoints, allows);
    feeds.set(key, known);
    const isCalm = before.feeds.has(key) && known.said === state.endpoints && known.held.size === 0;
    if (isCalm && (known.nextMs === undefined || known.nextMs > nowMs)) continue;
    touched.set(key, { state, known, diff: differences(known, state, nowMs, { ...settings, allows }) });
  }

  const hold = new Map<FeedKey, Map<string, WhyHeld>>();
  const recent = new Map<ServiceName, Recent>();
  for (const [service, parts] of demand.parts) {
    const keys = parts.flatMap((part) => (part.kind === "feed" ? [part.key] : []));
    const earlier = service === confirmed ? undefined : before.recent.get(service);
    const fading = earlier && pruned(earlier, nowMs - settings.holdMs);
    if (fading) recent.set(service, fading);
    if (!keys.some((key) => isJudged(touched.get(key)?.diff))) continue;
    judge(service, keys);
  }

  for (const [key, { state, known, diff }] of touched) {
    const held = heldNow(key, state, known, diff);
    const kept = new Map<string, Held>();
    let dueMs: number | undefined;
    for (const [address, each] of held) {
      const due = each.repeatedSinceMs === undefined ? undefined : each.repeatedSinceMs + settings.holdMs;
      if (confirmedFeeds.has(key) || (due !== undefined && due <= nowMs)) continue;
      kept.set(address, each);
      dueMs = earliest(dueMs, due);
    }
    feeds.set(key, settledGuard(known, state, diff, kept, dueMs, nowMs));
  }
  const believed = new Map(
    [...states].map(([key, each]) => [key, { ...each, state: believedState(each.state, feeds.get(key)) }]),
  );
  const after: Guard = {
    feeds,
    recent,
    believed,
    nextMs: earliest(...feeds.values().map(({ nextMs }) => nextMs)),
  };
  return { guard: after, notes: guardNotes(before, after, said, nowMs, settings) };

  function judge(service: ServiceName, keys: readonly FeedKey[]): void {
    const present = new Map<string, string>();
    const named = new Set<string>();
    const held = new Set<string>();
    const missing = new Set<string>();
    const explained = new Set<string>();
    for (const part of demand.parts.get(service) ?? []) {
      if (part.kind === "static") for (const { address } of part.endpoints) named.add(addressText(address));
    }
    for (const key of keys) {
      const diff = touched.get(key)?.diff;
      const known = feeds.get(key);
      if (!known) continue;
      for (const [address, [first]] of known.believedBy) if (first) present.set(address, first.locality.region);
      for (const [address, { change }] of known.held) if (change === "gone") held.add(address);
      for (const address of (diff?.said ?? known.saidBy).keys()) named.add(address);
      for (const address of diff?.missing ?? []) missing.add(address);
      for (const address of diff?.plain ?? []) if (!diff?.said.has(address)) explained.add(address);
    }
    for (const address of explained) if (!named.has(address)) present.delete(address);
    const lost = new Set([...missing].filter((address) => !named.has(address)));
    const stillHeld = new Set([...held].filter((address) => !named.has(address)));
    const earlier = recent.get(service) ?? new Map();
    const gone = new Map([...earlier].filter(([address]) => !named.has(address)));
    const regions = new Map([...gone].map(([address, { region }]) => [address, region]));
    const verdict = lossesToHold({ present, missing: lost, held: stillHeld, recent: regions }, settings.dropPercent);
    for (const key of keys) {
      const { diff, known } = touched.get(key) ?? {};
      if (!diff || !known) continue;
      for (const address of diff.missing) {
        const why = verdict.get(address);
        if (why) mark(key, address, why);
        else if (lost.has(address)) gone.set(address, { atMs: nowMs, region: present.get(address) ?? "" });
      }
      for (const address of growthOf(diff, known, settings)) mark(key, address, "growth");
    }
    recent.set(service, gone);
  }

  function mark(key: FeedKey, address: string, why: WhyHeld): void {
    const marks = hold.get(key) ?? new Map<string, WhyHeld>();
    hold.set(key, marks.set(address, why));
  }

  function heldNow(key: FeedKey, state: SpokenState, known: FeedGuard, diff: Differences): ReadonlyMap<string, Held> {
    const held = new Map<string, Held>();
    const fresh = isFresh(state);
    for (const [address, each] of known.held) {
      if (diff.said.has(address) === (each.change === "gone")) continue;
      held.set(address, { ...each, repeatedSinceMs: fresh ? (each.repeatedSinceMs ?? nowMs) : undefined });
    }
    for (const [address, why] of hold.get(key) ?? []) {
      const change = why === "growth" ? ("new" as const) : ("gone" as const);
      const endpoints = (change === "new" ? diff.said : known.believedBy).get(address) ?? [];
      held.set(address, { change, why, endpoints, sinceMs: nowMs, repeatedSinceMs: fresh ? nowMs : undefined });
    }
    return held;
  }
}

function isJudged(diff: Differences | undefined): boolean {
  return diff !== undefined && diff.missing.length + diff.added.length > 0;
}

/** The new ones of a feed that has become many times as big. */
function growthOf(diff: Differences, known: FeedGuard, { growthFactor }: GuardSettings): readonly string[] {
  const size = known.believedBy.size;
  const waiting = known.held
    .values()
    .filter(({ change }) => change === "new")
    .toArray().length;
  const added = diff.added.length + waiting;
  if (size === 0 || added < leastGrowth || size + added < size * growthFactor) return [];
  return diff.added;
}

function pruned(recent: Recent, fromMs: number): Recent | undefined {
  const left = new Map([...recent].filter(([, { atMs }]) => atMs > fromMs));
  return left.size > 0 ? left : undefined;
}

function feedsOf({ parts }: Demand, service: ServiceName): readonly FeedKey[] {
  return (parts.get(service) ?? []).flatMap((part) => (part.kind === "feed" ? [part.key] : []));
}

function believedState(state: FeedState, known: FeedGuard | undefined): FeedState {
  if (state.kind === "waiting" || known === undefined || known.believed === state.endpoints) return state;
  return { ...state, endpoints: known.believed };
}
