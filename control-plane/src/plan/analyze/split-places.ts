import { type LocalityPattern, matchesLocality, patternText } from "../../model/locality.ts";
import type { Endpoint } from "../../model/service.ts";
import { type SplitRule, standbysOf } from "../../model/split.ts";
import { listed } from "./analyzer.ts";

/** The places that have a share, with where that stands. */
export function shareTargets(rules: readonly SplitRule[] = []) {
  return rules.flatMap(({ spread }, rule) =>
    spread.kind === "shares"
      ? spread.to.map(({ locality, percent }) => ({ rule, key: patternText(locality), locality, percent }))
      : [],
  );
}

/** The places that a rule names; none, where it goes to the nearest and then everywhere. */
export function placesOf(rule: SplitRule): readonly LocalityPattern[] {
  const { spread } = rule;
  if (spread.kind === "nearest") return [];
  return [...spread.to.filter(({ percent }) => percent > 0).map(({ locality }) => locality), ...standbysOf(rule)];
}

/** Those that are there. */
export function at(endpoints: readonly Endpoint[], pattern: LocalityPattern): readonly Endpoint[] {
  return endpoints.filter(({ locality }) => matchesLocality(pattern, locality));
}

/** The names of the regions that they are in. */
export function regions(endpoints: readonly Endpoint[]): string {
  return listed(
    endpoints.map(({ locality }) => locality.region || "none said"),
    8,
  );
}
