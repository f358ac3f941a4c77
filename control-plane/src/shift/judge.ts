import { type Locality, matchesLocality, patternText } from "../model/locality.ts";
import { type GuardLimits, gaining, type MetricBefore, type Shift, type ShiftFailure } from "../model/shift.ts";
import type { SplitRule } from "../model/split.ts";
import { type Limit, limitOf } from "./limit-of.ts";

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
  limits: GuardLimits,
): string | undefined {
  const bound = limitOf(limits, beforeOf(shift, "error-rate"), percentText);
  if (bound === undefined) return undefined;
  const these = ofRule(rules, patternText(shift.from), loads);
  const least = shift.guard?.minRequests ?? 1;
  const over = gaining(shift).flatMap((place) => {
    const there = these.filter(({ to }) => matchesLocality(place, to));
    const error = there.reduce((total, load) => total + load.error, 0);
    const ended = there.reduce((total, load) => total + load.ok, error);
    const rate = ended === 0 ? 0 : error / ended;
    if (ended < least || rate <= bound.limit) return [];
    return [
      `error-rate of ${patternText(place)} is ${percentText(rate)} of ${Math.round(ended)} requests, over ${percentText(bound.limit)}${becauseText(bound)}`,
    ];
  });
  return over.length > 0 ? over.join("; ") : undefined;
}

/** What a value of Prometheus is over its limit with, in words. */
export function valueFailure(
  shift: Shift,
  metric: GuardLimits & { readonly name: string },
  value: number,
): string | undefined {
  const bound = limitOf(metric, beforeOf(shift, metric.name));
  if (bound === undefined || value <= bound.limit) return undefined;
  return `${metric.name} is ${Number(value.toPrecision(4))}, over ${Number(bound.limit.toPrecision(4))}${becauseText(bound)}`;
}

/** The loads of a rule's callers: the first rule that names a caller is its rule. */
export function ofRule(rules: readonly SplitRule[], from: string, loads: readonly GuardLoad[]): readonly GuardLoad[] {
  const rule = rules.find((each) => patternText(each.from) === from);
  return loads.filter((load) => rules.find((each) => matchesLocality(each.from, load.from)) === rule);
}

export function beforeOf({ before }: Pick<Shift, "before">, name: string): MetricBefore | undefined {
  return before.find((each) => each.name === name);
}

function becauseText({ because }: Limit): string {
  return because === "" ? "" : ` (${because})`;
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

export function percentText(rate: number): string {
  return `${Number((rate * 100).toFixed(2))} %`;
}
