import { type Locality, type LocalityPattern, matchesLocality } from "./locality.ts";
import type { ServiceName } from "./names.ts";
import { type Shift, shiftedRules } from "./shift.ts";

/** Where callers that `from` matches are sent. The first rule that matches the caller's locality holds. */
export type SplitRule = {
  readonly from: LocalityPattern;
  readonly spread: Spread;
  readonly failover: Failover;
};

/**
 * Ordered: each is used only when everything before it is not healthy enough. `nearest` is every other region, the nearest
 * to the caller first; those whose distance nobody knows come last, together.
 */
export type Failover = readonly LocalityPattern[] | "nearest";

export type Spread =
  /** Shares of the traffic, in percent; they add up to 100. */
  | {
      readonly kind: "shares";
      readonly to: readonly { readonly locality: LocalityPattern; readonly percent: number }[];
    }
  /** The caller's own zone, then its region, then the failover list; without a list, everywhere else. */
  | { readonly kind: "nearest" };

/** An on-call exception, which always expires. */
export type Override = {
  readonly locality: LocalityPattern;
  /** Percent of the weight that the locality would otherwise have: 0 takes it out, 50 halves it. */
  readonly weight: number;
  readonly reason: string;
  readonly by: string;
  readonly expireTime: Date;
  /** It holds for the others alone: inside callers for what is outside, outside callers for what is inside. */
  readonly isolates?: boolean;
  /** The Drain document that it comes from. */
  readonly drain?: string;
};

/** Whether an override changes the weight that a place has for callers at another. */
export function isOverridden({ locality, isolates }: Override, place: Locality, caller: Locality): boolean {
  const isInside = matchesLocality(locality, place);
  return isolates ? isInside !== matchesLocality(locality, caller) : isInside;
}

/** A TrafficSplit document. At most one for each service. */
export type Split = {
  readonly name: string;
  readonly service: ServiceName;
  readonly rules: readonly SplitRule[];
  readonly overrides: readonly Override[];
  /** Shares of the service's subsets, in percent, whatever the locality; they add up to 100. None is the whole service. */
  readonly subsets: readonly { readonly name: string; readonly percent: number }[];
  readonly failback: Failback;
  /** The most that a region may get, in requests a second; where a Service's capacity gives less, that holds. */
  readonly ceilings: readonly Ceiling[];
  /** What callers are expected to send, in requests a second; the narrowest that names a caller is for it. */
  readonly expectedRps: readonly Expected[];
  /** The one that runs, or the last that ran. */
  readonly shift?: Shift;
};

/**
 * How a locality that was failed over from gets its requests back: none until it has been healthy for `holdForMs`, then
 * `stepPercent` more of its endpoints every `everyMs`. Without a hold (0) all at once.
 */
export type Failback = { readonly holdForMs: number; readonly stepPercent: number; readonly everyMs: number };
export type Ceiling = { readonly region: string; readonly rps: number };
export type Expected = { readonly from: LocalityPattern; readonly rps: number };

/** What holds of a split that says nothing of it, and for a service without one. */
export const plainSplit = {
  overrides: [],
  subsets: [],
  failback: { holdForMs: 30_000, stepPercent: 25, everyMs: 10_000 },
  ceilings: [],
  expectedRps: [],
} as const satisfies Omit<Split, "name" | "service" | "rules">;

/** The places of a failover; `nearest` is everywhere. */
export function standbysOf({ failover }: Pick<SplitRule, "failover">): readonly LocalityPattern[] {
  return failover === "nearest" ? [nearest.from] : failover;
}

/** What holds for a service without a TrafficSplit, and for callers that no rule matches. */
export const nearest: SplitRule = {
  from: { region: undefined, zone: undefined, subZone: undefined },
  spread: { kind: "nearest" },
  failover: [],
};

/** The split without the overrides that have expired, and with the shares that a running shift gives; the same object when that is it. */
export function splitAt(split: Split, now: Date): Split {
  const overrides = split.overrides.filter(({ expireTime }) => expireTime > now);
  const rules = shiftedRules(split.rules, split.shift, now);
  return overrides.length === split.overrides.length && rules === split.rules ? split : { ...split, overrides, rules };
}
