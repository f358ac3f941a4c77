import type { GuardMetric, MetricBefore } from "../model/shift.ts";
import type { SplitRule } from "../model/split.ts";
import { type GuardLoad, ofRule } from "./judge.ts";
import { limitOf } from "./limit-of.ts";
import { historyMs, type LoadHistory } from "./load-history.ts";

/** What each metric was in the minutes before a shift, and why it is not known of some. */
export type Baseline = {
  readonly seconds: number;
  readonly metrics: readonly MetricBefore[];
  readonly unknown: readonly { readonly name: string; readonly says: string; readonly isNeeded: boolean }[];
};

/** The values of a query at each of these times: the largest of each. Rejects when nobody answers. */
export type AskRange = (
  query: string,
  range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
  signal: AbortSignal,
) => Promise<readonly number[]>;

export type BaselineOf = (
  question: {
    readonly service: string;
    /** The rule's callers, as it stands among the split's rules. */
    readonly rules: readonly SplitRule[];
    readonly from: string;
    readonly metrics: readonly GuardMetric[];
    readonly minRequests: number;
  },
  signal: AbortSignal,
) => Promise<Baseline>;

const stepMs = 15_000;
const leastPoints = 4;

/** Looks at the minutes before: load reports as they were remembered here, and a Prometheus as it remembers. Only what a limit refers to. */
export function createBaselines({
  history,
  ask,
  now,
}: {
  readonly history: LoadHistory;
  /** Undefined: there is no Prometheus. */
  readonly ask: AskRange | undefined;
  readonly now: () => Date;
}): BaselineOf {
  return async ({ service, rules, from, metrics, minRequests }, signal) => {
    const asked = metrics.filter(({ maxIncrease, maxRatio }) => maxIncrease !== undefined || maxRatio !== undefined);
    const past = history.of(service);
    const found = await Promise.all(
      asked.map(async (metric) => {
        const name = metric.kind === "error-rate" ? "error-rate" : metric.name;
        const before =
          metric.kind === "error-rate"
            ? errorRateBefore(ofRule(rules, from, past.loads), minRequests)
            : await queryBefore(metric.query, signal);
        const value = typeof before === "string" ? undefined : { name, ...before };
        // A limit that cannot be worked out, of a metric that has no other, would never be over.
        if (value !== undefined && limitOf(metric, value) !== undefined) return { value };
        const says = typeof before === "string" ? before : "it was 0, of which there is no multiple";
        return { value, missing: { name, says, isNeeded: limitOf(metric, value) === undefined } };
      }),
    );
    return {
      seconds: past.seconds,
      metrics: found.flatMap(({ value }) => value ?? []),
      unknown: found.flatMap(({ missing }) => missing ?? []),
    };
  };

  async function queryBefore(query: string, signal: AbortSignal): Promise<Omit<MetricBefore, "name"> | string> {
    if (ask === undefined) return "no Prometheus is configured: serve --shift-prometheus URL";
    const toMs = now().getTime();
    try {
      const values = await ask(query, { fromMs: toMs - historyMs, toMs, stepMs }, signal);
      if (values.length < leastPoints)
        return `Prometheus has ${values.length} values of the ${historyMs / 60_000} minutes before, and ${leastPoints} are needed`;
      const sorted = values.toSorted((a, b) => a - b);
      // The middle one: a peak before the shift is no reason to bear one within it.
      return { value: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, requests: undefined };
    } catch (cause) {
      return (cause as Error).message;
    }
  }
}

/** To all places, as a place that gains may have had no requests yet. */
function errorRateBefore(loads: readonly GuardLoad[], least: number): Omit<MetricBefore, "name"> | string {
  const error = loads.reduce((total, load) => total + load.error, 0);
  const requests = Math.round(loads.reduce((total, load) => total + load.ok, error));
  if (requests < least)
    return `clients have reported ${requests} requests of these callers to this replica in the ${historyMs / 60_000} minutes before, and ${least} are needed`;
  return { value: error / requests, requests };
}
