import { coversPattern, patternText } from "./locality.ts";
import type { Split, SplitRule } from "./split.ts";

/** What the callers of a rule are to send to a place, 0 to 1, overrides included. */
export type EffectiveShare = { readonly from: string; readonly to: string; readonly ratio: number };

/** The shares of each rule that has some; rules for the nearest have none. */
export function effectiveShares({ rules, overrides }: Split): readonly EffectiveShare[] {
  return rules.flatMap(({ from, spread }: SplitRule): readonly EffectiveShare[] => {
    if (spread.kind === "nearest") return [];
    // Overrides of only a part of a target move traffic inside it; those of all of it move traffic away.
    const left = spread.to.map(({ locality, percent }) =>
      overrides
        .filter(
          ({ locality: place, isolates }) =>
            coversPattern(place, locality) !== (isolates === true && coversPattern(place, from)),
        )
        .reduce((part, { weight }) => (part * weight) / 100, percent),
    );
    const sum = left.reduce((total, part) => total + part, 0);
    return spread.to.map(({ locality }, index) => ({
      ...{ from: patternText(from), to: patternText(locality) },
      ratio: sum === 0 ? 0 : (left[index] ?? 0) / sum,
    }));
  });
}
