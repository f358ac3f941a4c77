import { coversPattern, type LocalityPattern, matchesLocality, patternText } from "../model/locality.ts";
import type { Endpoint } from "../model/service.ts";
import { nearest, type Split, type SplitRule, standbysOf } from "../model/split.ts";

/** One line of what is configured: where callers are sent, and what stands there. */
export type TrafficRow = {
  /** Which callers: `dc-a`, `*`. */
  readonly from: string;
  /** Where to: a locality, or `nearest` for the caller's own zone, then its region; as a standby for the regions near by. */
  readonly to: string;
  /**
   * - `share`: takes `weightPercent` of the traffic.
   * - `nearest`: takes all of it, split by the caller's place.
   * - `standby`: takes it when all before it are not healthy enough.
   */
  readonly use: "share" | "nearest" | "standby";
  /** 0 takes traffic now; the standbys follow in order. */
  readonly priority: number;
  /** As the rule says it, before overrides; undefined for standbys. */
  readonly weightPercent: number | undefined;
  readonly serving: number;
  readonly total: number;
};

/** What a split says, rule by rule in the order in which they are tried. */
export function trafficRows(split: Split | undefined, endpoints: readonly Endpoint[]): readonly TrafficRow[] {
  return rulesOf(split).flatMap((rule) => rowsOfRule(rule, endpoints));
}

/** The rules of a split, with the one for those whom none of them names: without a split, and after the last rule, nearest. */
export function rulesOf(split: Split | undefined): readonly SplitRule[] {
  const rules = split?.rules ?? [];
  const everywhere = rules.some(({ from }) => coversPattern(from, nearest.from));
  return everywhere ? rules : [...rules, nearest];
}

/** First where its callers are sent, then its standbys, in the order in which the rule names them. */
export function rowsOfRule(rule: SplitRule, endpoints: readonly Endpoint[]): readonly TrafficRow[] {
  const { from, spread, failover } = rule;
  const first: readonly TrafficRow[] =
    spread.kind === "nearest"
      ? [
          {
            from: patternText(from),
            to: "nearest",
            use: "nearest",
            priority: 0,
            weightPercent: 100,
            ...count(endpoints, nearest.from),
          },
        ]
      : spread.to.map(({ locality, percent }) => ({
          from: patternText(from),
          to: patternText(locality),
          use: "share",
          priority: 0,
          weightPercent: percent,
          ...count(endpoints, locality),
        }));
  const standbys = standbysOf(rule).map(
    (locality, index): TrafficRow => ({
      from: patternText(from),
      to: failover === "nearest" ? "nearest" : patternText(locality),
      use: "standby",
      priority: index + 1,
      weightPercent: undefined,
      ...count(endpoints, locality),
    }),
  );
  return [...first, ...standbys];
}

/** What stands at a place. */
export function count(endpoints: readonly Endpoint[], pattern: LocalityPattern) {
  const there = endpoints.filter(({ locality }) => matchesLocality(pattern, locality));
  return { serving: there.filter(({ health }) => health === "serving").length, total: there.length };
}
