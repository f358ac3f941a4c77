import { type Locality, matchesLocality, patternText } from "../model/locality.ts";
import { gaining, type Shift, type ShiftFailure } from "../model/shift.ts";
import type { SplitRule } from "../model/split.ts";

/** Requests of callers at one place to another, over the last window. */
export type GuardLoad = {
  readonly from: Locality;
  readonly to: Locality;
  readonly ok: number;
  readonly error: number;
};

/** What an error rate is over its limit with, in words; undefined: nothing is, or too little is known. */
export function errorRateFailure(
  shift: Shift,
  rules: readonly SplitRule[],
  loads: readonly GuardLoad[],
  { max }: { readonly max: number },
): string | undefined {
  const from = patternText(shift.from);
  const rule = rules.find((each) => patternText(each.from) === from);
  // The first rule that names a caller is its rule.
  const ofRule = loads.filter((load) => rules.find((each) => matchesLocality(each.from, load.from)) === rule);
  const least = shift.guard?.minRequests ?? 1;
  const over = gaining(shift).flatMap((place) => {
    const there = ofRule.filter(({ to }) => matchesLocality(place, to));
    const error = there.reduce((total, load) => total + load.error, 0);
    const ended = there.reduce((total, load) => total + load.ok, error);
    const rate = ended === 0 ? 0 : error / ended;
    if (ended < least || rate <= max) return [];
    return [
      `error-rate of ${patternText(place)} is ${percentText(rate)} of ${Math.round(ended)} requests, over ${percentText(max)}`,
    ];
  });
  return over.length > 0 ? over.join("; ") : undefined;
}

/** The guard's interval that has ended last, counted from the start; undefined before the first has. */
export function lastInterval({ startTime, guard }: Shift, now: Date): number | undefined {
  if (guard === undefined) return undefined;
  const ended = Math.floor((now.getTime() - startTime.getTime()) / guard.intervalMs);
  return ended > 0 ? ended - 1 : undefined;
}

/** When the next interval has ended. */
export function nextInterval({ startTime, guard }: Shift, now: Date): Date | undefined {
  if (guard === undefined) return undefined;
  const ended = Math.max(0, Math.floor((now.getTime() - startTime.getTime()) / guard.intervalMs));
  return new Date(startTime.getTime() + (ended + 1) * guard.intervalMs);
}

/** How many intervals in a row, up to this one, were over a limit. */
export function inARow(failures: readonly ShiftFailure[], interval: number): number {
  const failed = new Set(failures.map((each) => each.interval));
  let count = 0;
  while (failed.has(interval - count)) count += 1;
  return count;
}

function percentText(rate: number): string {
  return `${Number((rate * 100).toFixed(2))} %`;
}
