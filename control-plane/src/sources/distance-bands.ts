import { byText } from "../lib/order.ts";
import type { Distances } from "../model/distances.ts";

/** From one band to the next, half as far again. */
const wider = Math.log(1.5);
/** So far beyond the middle of its band, in bands, a distance goes to another; half a band would be the border itself. */
const holds = 0.75;
/** Below this all are equally near. */
const leastMs = 0.5;

/**
 * Distances in bands, each half as far again as the one before: regions in one band are equally far. What was in a band stays
 * there until it is well outside: measured round trips tremble, and the order of failovers must not. The very same object as
 * before while all bands are.
 */
export function inBands(before: Distances, measured: Distances): Distances {
  const next = new Map(
    [...measured].map(([from, to]) => [
      from,
      new Map([...to].map(([region, ms]) => [region, bandOf(before.get(from)?.get(region), ms)])),
    ]),
  );
  return isEqual(before, next) ? before : next;
}

function bandOf(before: number | undefined, ms: number): number {
  const at = Math.log(Math.max(leastMs, ms)) / wider;
  if (before !== undefined && Math.abs(at - Math.log(before) / wider) <= holds) return before;
  // In hundredths, so that equal bands are equal numbers.
  return Math.round(100 * Math.exp(Math.round(at) * wider)) / 100;
}

function isEqual(a: Distances, b: Distances): boolean {
  return (
    a.size === b.size &&
    [...a].every(([from, to]) => {
      const other = b.get(from);
      return other?.size === to.size && [...to].every(([region, ms]) => other.get(region) === ms);
    })
  );
}

/** Pairs as a map in both directions, the first of a pair's distances counting; sorted, since equal worlds are to be equal. */
export function distancesOf(
  pairs: Iterable<{ readonly a: string; readonly b: string; readonly ms: number }>,
): Distances {
  const found = new Map<string, Map<string, number>>();
  const add = (from: string, to: string, ms: number) => {
    const known = found.get(from) ?? new Map<string, number>();
    found.set(from, known);
    if (from !== to && !known.has(to)) known.set(to, ms);
  };
  for (const { a, b, ms } of pairs) {
    add(a, b, ms);
    add(b, a, ms);
  }
  return new Map(
    [...found]
      .sort(([a], [b]) => byText(a, b))
      .map(([from, to]) => [from, new Map([...to].sort(([a], [b]) => byText(a, b)))]),
  );
}
