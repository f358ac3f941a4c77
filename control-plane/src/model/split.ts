import type { LocalityPattern } from "./locality.ts";
import type { ServiceName } from "./names.ts";

/** Where callers that `from` matches are sent. The first rule that matches the caller's locality holds. */
export type SplitRule = {
  readonly from: LocalityPattern;
  readonly spread: Spread;
  /** Ordered: each is used only when everything before it is not healthy enough. */
  readonly failover: readonly LocalityPattern[];
};

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
};

/** A TrafficSplit document. At most one for each service. */
export type Split = {
  readonly name: string;
  readonly service: ServiceName;
  readonly rules: readonly SplitRule[];
  readonly overrides: readonly Override[];
  /** Shares of the service's subsets, in percent, whatever the locality; they add up to 100. None is the whole service. */
  readonly subsets: readonly { readonly name: string; readonly percent: number }[];
};

/** What holds for a service without a TrafficSplit, and for callers that no rule matches. */
export const nearest: SplitRule = {
  from: { region: undefined, zone: undefined, subZone: undefined },
  spread: { kind: "nearest" },
  failover: [],
};

/** The split without the overrides that have expired; the very same object when none has. */
export function splitAt(split: Split, now: Date): Split {
  const overrides = split.overrides.filter(({ expireTime }) => expireTime > now);
  return overrides.length === split.overrides.length ? split : { ...split, overrides };
}
