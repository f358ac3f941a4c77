import { coversPattern, type LocalityPattern, patternText } from "./locality.ts";
import type { SplitRule } from "./split.ts";

/** Percent by place; together 100. */
export type Shares = readonly { readonly locality: LocalityPattern; readonly percent: number }[];

export type ShiftStep =
  /** So many percent of the way from the base to the target. */
  | { readonly kind: "set-weight"; readonly percent: number }
  | { readonly kind: "pause"; readonly ms: number }
  /** Until somebody resumes or promotes it. */
  | { readonly kind: "wait" };

/** What is too much: the narrowest of these. */
export type GuardLimits = {
  readonly max?: number | undefined;
  /** So much more than before the shift. */
  readonly maxIncrease?: number | undefined;
  /** So many times what it was before the shift. */
  readonly maxRatio?: number | undefined;
};

export type GuardMetric =
  /** The share of requests that fail at the places that gain by the shift, 0 to 1, as their callers report it. */
  | ({ readonly kind: "error-rate" } & GuardLimits)
  /** The largest value that a Prometheus query gives. */
  | ({ readonly kind: "prometheus"; readonly name: string; readonly query: string } & GuardLimits);

/** What a metric was in the minutes before the shift; `requests`: of how many, where it is a share of requests. */
export type MetricBefore = { readonly name: string; readonly value: number; readonly requests?: number | undefined };

export type ShiftGuard = {
  readonly intervalMs: number;
  /** So many intervals in a row over a limit, and the shift has failed. */
  readonly failureLimit: number;
  /** A place with fewer requests in the window says nothing. */
  readonly minRequests: number;
  readonly metrics: readonly GuardMetric[];
};

/** An interval of the guard, counted from the start, that was over a limit. */
export type ShiftFailure = { readonly interval: number; readonly time: Date; readonly says: string };

/** A stepwise change of one rule's shares. Where it stands is a function of what is written here and the time of day. */
export type Shift = {
  readonly name: string;
  /** The rule's callers. */
  readonly from: LocalityPattern;
  /** What the rule said when it began, and says until it ends. */
  readonly base: Shares;
  readonly target: Shares;
  readonly steps: readonly ShiftStep[];
  readonly guard: ShiftGuard | undefined;
  /** How it was before, looked at once when it began, so that every replica judges by the same. */
  readonly before: readonly MetricBefore[];
  readonly onFailure: "rollback" | "pause";
  readonly by: string;
  readonly reason: string;
  readonly startTime: Date;
  /** From `time` on the steps are gone through from this one. */
  readonly cursor: { readonly step: number; readonly time: Date };
  readonly paused: { readonly time: Date; readonly by: string; readonly reason: string } | undefined;
  readonly failures: readonly ShiftFailure[];
  readonly ended:
    | {
        readonly time: Date;
        readonly outcome: "succeeded" | "rolledBack" | "aborted";
        readonly by: string;
        readonly reason: string;
      }
    | undefined;
};

export type ShiftPosition = {
  /** The step that is being waited in; after the last, as many as there are. */
  readonly step: number;
  /** Percent of the way from the base to the target. */
  readonly weight: number;
  /** Since when it waits in this step. */
  readonly since: Date;
  /** When it goes on by itself; undefined: not by itself, or it has gone through all. */
  readonly until: Date | undefined;
};

/** How far a shift that has not ended is: the same for whoever asks at the same time of day. */
export function positionAt({ steps, cursor, paused }: Shift, now: Date): ShiftPosition {
  const at = paused === undefined ? now.getTime() : Math.min(now.getTime(), paused.time.getTime());
  let step = Math.min(cursor.step, steps.length);
  let since = cursor.time.getTime();
  let until: number | undefined;
  for (; step < steps.length; step++) {
    const here = steps[step];
    if (here === undefined || here.kind === "wait") break;
    if (here.kind === "set-weight") continue;
    if (since + here.ms > at) {
      until = since + here.ms;
      break;
    }
    since += here.ms;
  }
  const weight = steps.slice(0, step).findLast((each) => each.kind === "set-weight")?.percent ?? 0;
  const goesOn = until !== undefined && paused === undefined;
  return { step, weight, since: new Date(since), until: goesOn && until !== undefined ? new Date(until) : undefined };
}

/** When the shares of a shift, or what is to be written of it, change by themselves the next time; undefined: never. */
export function nextShiftChange(shift: Shift, now: Date): Date | undefined {
  return shift.ended ? undefined : positionAt(shift, now).until;
}

/** Every place of both, `weight` percent of the way from the base to the target. */
export function sharesBetween(base: Shares, target: Shares, weight: number): Shares {
  const of = (shares: Shares) => new Map(shares.map(({ locality, percent }) => [patternText(locality), percent]));
  const [from, to] = [of(base), of(target)];
  const places = new Map([...base, ...target].map(({ locality }) => [patternText(locality), locality]));
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, locality]) => {
      const [start, end] = [from.get(name) ?? 0, to.get(name) ?? 0];
      return { locality, percent: Number((start + ((end - start) * weight) / 100).toFixed(6)) };
    });
}

/** The places whose share grows. */
export function gaining({ base, target }: Pick<Shift, "base" | "target">): readonly LocalityPattern[] {
  const before = new Map(base.map(({ locality, percent }) => [patternText(locality), percent]));
  return target
    .filter(({ locality, percent }) => percent > (before.get(patternText(locality)) ?? 0))
    .map(({ locality }) => locality);
}

/** A rule with other shares: what gets one is no longer something to fail over to. */
export function ruleWithShares(rule: SplitRule, to: Shares): SplitRule {
  const { failover } = rule;
  const takes = (place: LocalityPattern) =>
    to.some(({ locality, percent }) => percent > 0 && coversPattern(locality, place));
  return {
    ...rule,
    spread: { kind: "shares", to },
    failover: failover === "nearest" ? failover : failover.filter((place) => !takes(place)),
  };
}

/** The rules of a split as a running shift has them now; the very same list while it has not moved anything. */
export function shiftedRules(rules: readonly SplitRule[], shift: Shift | undefined, now: Date): readonly SplitRule[] {
  if (shift === undefined || shift.ended) return rules;
  const { weight } = positionAt(shift, now);
  if (weight === 0) return rules;
  const from = patternText(shift.from);
  return rules.map((rule) =>
    patternText(rule.from) === from ? ruleWithShares(rule, sharesBetween(shift.base, shift.target, weight)) : rule,
  );
}
