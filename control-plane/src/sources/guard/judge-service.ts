import { addressText } from "../../model/service.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { Part } from "../demand.ts";
import type { FeedKey } from "../feed.ts";
import type { Differences, FeedGuard } from "./feed-guard.ts";
import type { GuardSettings } from "./guard-settings.ts";
import { lossesToHold } from "./losses.ts";

/** What went of a service and was believed to, by address. */
export type Recent = ReadonlyMap<string, { readonly atMs: number; readonly region: string }>;

/** One feed of a service: what is believed of it, and what it says that is not; no differences when it says nothing new. */
export type Witness = {
  readonly key: FeedKey;
  readonly known: FeedGuard;
  readonly diff: Differences | undefined;
};

export type Judgement = {
  /** What is to be held back: by feed, the reason for each address. */
  readonly hold: ReadonlyMap<FeedKey, ReadonlyMap<string, WhyHeld>>;
  /** With what is believed to be gone now. */
  readonly recent: Recent;
};

// A small service may well start its second batch at once.
const leastGrowth = 25;

/** Which differences of a service's feeds are too great, all of them taken together. */
export function judgeService(
  parts: readonly Part[],
  witnesses: readonly Witness[],
  earlier: Recent,
  nowMs: number,
  settings: GuardSettings,
): Judgement {
  const named = namedIn(parts, witnesses);
  const isGone = (address: string) => !named.has(address);
  const missing = new Set(witnesses.flatMap(({ diff }) => diff?.missing ?? []).filter(isGone));
  const held = new Set(witnesses.flatMap(({ known }) => goneOf(known)).filter(isGone));
  const present = new Map<string, string>();
  for (const { known } of witnesses)
    for (const [address, [first]] of known.believedBy) if (first) present.set(address, first.locality.region);
  // What is meant to go is no part of what was there.
  for (const address of witnesses.flatMap(({ diff }) => diff?.plain ?? []))
    if (isGone(address)) present.delete(address);

  const recent = new Map([...earlier].filter(([address]) => isGone(address)));
  const regions = new Map([...recent].map(([address, { region }]) => [address, region]));
  const verdict = lossesToHold({ present, missing, held, recent: regions }, settings.dropPercent);
  for (const address of missing)
    if (!verdict.has(address)) recent.set(address, { atMs: nowMs, region: present.get(address) ?? "" });

  const hold = new Map<FeedKey, ReadonlyMap<string, WhyHeld>>();
  for (const { key, known, diff } of witnesses) {
    if (!diff) continue;
    const reasons = new Map(growthOf(diff, known, settings).map((address) => [address, "growth" as WhyHeld]));
    for (const address of diff.missing) {
      const why = verdict.get(address);
      if (why) reasons.set(address, why);
    }
    if (reasons.size > 0) hold.set(key, reasons);
  }
  return { hold, recent };
}

/** Every address that any of the service's origins names. */
function namedIn(parts: readonly Part[], witnesses: readonly Witness[]): ReadonlySet<string> {
  const fixed = parts.flatMap((part) => (part.kind === "static" ? part.endpoints : []));
  const named = new Set(fixed.map(({ address }) => addressText(address)));
  for (const { diff, known } of witnesses)
    for (const address of (diff?.said ?? known.saidBy).keys()) named.add(address);
  return named;
}

function goneOf({ held }: FeedGuard): readonly string[] {
  return [...held].flatMap(([address, { change }]) => (change === "gone" ? [address] : []));
}

/** The new ones of a feed that has become many times as big. */
function growthOf(
  { added }: Differences,
  { believedBy, held }: FeedGuard,
  { growthFactor }: GuardSettings,
): readonly string[] {
  const more = added.length + [...held.values()].filter(({ change }) => change === "new").length;
  const isGreat =
    believedBy.size > 0 && more >= leastGrowth && believedBy.size + more >= believedBy.size * growthFactor;
  return isGreat ? added : [];
}
