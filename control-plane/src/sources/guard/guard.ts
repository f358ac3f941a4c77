import type { ServiceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { Demand, Part } from "../demand.ts";
import type { FeedKey, FeedState, FeedStates, SavedFeeds } from "../feed.ts";
import type { AddressRule } from "./address-rule.ts";
import {
  type Differences,
  differences,
  earliest,
  type FeedGuard,
  type Held,
  isFresh,
  movedTo,
  type SpokenState,
  settledGuard,
  startedGuard,
  takingRequests,
} from "./feed-guard.ts";
import type { GuardNote } from "./guard-note.ts";
import { guardNotes } from "./guard-notes.ts";
import type { GuardSettings } from "./guard-settings.ts";
import { judgeService, type Recent, type Witness } from "./judge-service.ts";

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

/** A feed that has to be looked at. */
type Touched = { readonly state: SpokenState; readonly known: FeedGuard; readonly diff: Differences };

/**
 * What is to be believed of what the sources say. A small change is believed at once. A loss beyond the limits is held back,
 * the endpoints stay, until they are named again, or a source that can be seen has repeated the loss for the hold time, or it
 * is confirmed; a growth beyond the limits likewise, without the new endpoints. `nowMs` is monotonic.
 */
export function guard(before: Guard, said: Said, nowMs: number, settings: GuardSettings): GuardStep {
  const { demand, states, confirmed } = said;
  const confirmedFeeds = new Set(confirmed === undefined ? [] : feedsOf(demand.parts.get(confirmed) ?? []));
  const { feeds, touched } = lookedAt(before, said, confirmedFeeds, nowMs, settings);

  const hold = new Map<FeedKey, ReadonlyMap<string, WhyHeld>>();
  const recent = new Map<ServiceName, Recent>();
  for (const [service, parts] of demand.parts) {
    // What is left after an operator's word is the new measure.
    const earlier = service === confirmed ? new Map() : pruned(before.recent.get(service), nowMs - settings.holdMs);
    const keys = feedsOf(parts);
    const hasNews = keys.some((key) => isToBeJudged(touched.get(key)?.diff));
    const judgement = hasNews ? judgeService(parts, witnesses(keys), earlier, nowMs, settings) : undefined;
    // A feed may serve several services: what is too much for one of them is held back.
    for (const [key, reasons] of judgement?.hold ?? []) hold.set(key, new Map([...(hold.get(key) ?? []), ...reasons]));
    const left = judgement?.recent ?? earlier;
    if (left.size > 0) recent.set(service, left);
  }

  for (const [key, each] of touched) {
    const all = heldNow(each, hold.get(key) ?? new Map(), nowMs, settings);
    const isLetGo = ({ dueMs }: Held) => confirmedFeeds.has(key) || (dueMs !== undefined && dueMs <= nowMs);
    const kept = new Map([...all].filter(([, held]) => !isLetGo(held)));
    feeds.set(key, settledGuard(each.known, each.state, each.diff, kept, nowMs));
    if (confirmedFeeds.has(key)) continue;
    // What went before the hold time was over, because others were there instead, still counts with what follows.
    const early = [...all].filter(([address, held]) => !kept.has(address) && isEarly(held, nowMs, settings));
    for (const [service, parts] of demand.parts)
      if (early.length > 0 && feedsOf(parts).includes(key))
        recent.set(
          service,
          new Map([...(recent.get(service) ?? []), ...early.map(([address, held]) => wentOf(address, held, nowMs))]),
        );
  }

  const believed = new Map(
    [...states].map(([key, { feed, state }]) => [key, { feed, state: believedState(state, feeds.get(key)) }]),
  );
  const nextMs = earliest(...feeds.values().map((each) => each.nextMs));
  const after: Guard = { feeds, recent, believed, nextMs };
  return { guard: after, notes: guardNotes(before, after, said, nowMs, settings) };

  function witnesses(keys: readonly FeedKey[]): readonly Witness[] {
    return keys.flatMap((key) => {
      const known = feeds.get(key);
      return known ? [{ key, known, diff: touched.get(key)?.diff }] : [];
    });
  }
}

/** All feeds that have spoken, and those of them that say something else than before or of which something is due. */
function lookedAt(
  before: Guard,
  { states, saved, allows }: Said,
  confirmed: ReadonlySet<FeedKey>,
  nowMs: number,
  settings: GuardSettings,
) {
  const feeds = new Map<FeedKey, FeedGuard>();
  const touched = new Map<FeedKey, Touched>();
  for (const [key, { state }] of states) {
    if (state.kind === "waiting") continue;
    const earlier = before.feeds.get(key);
    const known = earlier ?? startedGuard(saved.get(key)?.endpoints ?? state.endpoints, isFresh(state), allows);
    feeds.set(key, known);
    const isSame = known.said === state.endpoints && known.fresh === isFresh(state);
    const isDue = known.nextMs !== undefined && known.nextMs <= nowMs;
    if (earlier && isSame && !isDue && !confirmed.has(key)) continue;
    touched.set(key, { state, known, diff: differences(known, state, nowMs, { ...settings, allows }) });
  }
  return { feeds, touched };
}

/** What is held back still, and what is from now on. */
function heldNow(
  { state, known, diff }: Touched,
  hold: ReadonlyMap<string, WhyHeld>,
  nowMs: number,
  { holdMs }: GuardSettings,
): ReadonlyMap<string, Held> {
  const held = new Map<string, Held>();
  const moved = movedTo(diff.said);
  const put = (address: string, each: Omit<Held, "dueMs">) => {
    const repeatedSinceMs = isFresh(state) ? (each.repeatedSinceMs ?? nowMs) : undefined;
    // What is gone would be in the way of those that were started in its place.
    const isReplaced =
      each.change === "gone" && each.of > 0 && takingRequests(diff.said, regionOf(each.endpoints)) >= each.of;
    const afterMs = isReplaced ? holdMs / 4 : holdMs;
    held.set(address, {
      ...each,
      repeatedSinceMs,
      dueMs: repeatedSinceMs === undefined ? undefined : repeatedSinceMs + afterMs,
    });
  };
  for (const [address, each] of known.held) {
    const isTakenBack = diff.said.has(address) === (each.change === "gone");
    if (!isTakenBack && !(each.change === "gone" && moved(each.endpoints))) put(address, each);
  }
  for (const [address, why] of hold) {
    const change = why === "growth" ? "new" : "gone";
    const endpoints = (change === "new" ? diff.said : known.believedBy).get(address) ?? [];
    const of = takingRequests(known.believedBy, regionOf(endpoints));
    put(address, { change, why, endpoints, of, sinceMs: nowMs, repeatedSinceMs: undefined });
  }
  return held;
}

function isEarly({ change, repeatedSinceMs }: Held, nowMs: number, { holdMs }: GuardSettings): boolean {
  return change === "gone" && repeatedSinceMs !== undefined && nowMs - repeatedSinceMs < holdMs;
}

function wentOf(address: string, { endpoints }: Held, nowMs: number) {
  return [address, { atMs: nowMs, region: regionOf(endpoints) }] as const;
}

function regionOf(endpoints: readonly Endpoint[]): string {
  return endpoints[0]?.locality.region ?? "";
}

function isToBeJudged(diff: Differences | undefined): boolean {
  return diff !== undefined && diff.missing.length + diff.added.length > 0;
}

function pruned(recent: Recent | undefined, fromMs: number): Recent {
  return new Map([...(recent ?? [])].filter(([, { atMs }]) => atMs > fromMs));
}

function feedsOf(parts: readonly Part[]): readonly FeedKey[] {
  return parts.flatMap((part) => (part.kind === "feed" ? [part.key] : []));
}

function believedState(state: FeedState, known: FeedGuard | undefined): FeedState {
  if (state.kind === "waiting" || known === undefined || known.believed === state.endpoints) return state;
  return { ...state, endpoints: known.believed };
}
