import { effectiveShares } from "../model/effective-shares.ts";
import type { Split } from "../model/split.ts";
import type { ObservedRow } from "./observed-traffic.ts";

/** Fewer say nothing of shares, and less far apart is chance: what the alert WeightDrift goes by, too. */
const leastRps = 1;
const leastPoints = 10;

/**
 * How many points more (or less, below 0) a place gets than it is to, overrides included, by row; undefined where that is
 * little, or too few requests tell.
 */
export function driftsOf(
  split: Split | undefined,
  rows: readonly ObservedRow[],
): (row: ObservedRow) => number | undefined {
  const wanted = new Map(split && effectiveShares(split).map(({ from, to, ratio }) => [`${from}\n${to}`, ratio]));
  const rps = new Map<string, number>();
  for (const { from, observed } of rows) rps.set(from, (rps.get(from) ?? 0) + observed.rps);
  return ({ from, to, use, observed: { percent } }) => {
    const ratio = use === "share" ? wanted.get(`${from}\n${to}`) : undefined;
    if (ratio === undefined || percent === undefined || (rps.get(from) ?? 0) <= leastRps) return undefined;
    const points = percent - 100 * ratio;
    return Math.abs(points) > leastPoints ? Math.round(points * 10) / 10 : undefined;
  };
}
