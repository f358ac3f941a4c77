import { shiftSteps } from "../src/cli/shift-steps.ts";
import { type Draft, ruleFor } from "./split-draft.ts";

/** How shares are to be moved step by step. */
export type StepsDraft = {
  readonly isOpen: boolean;
  /** So many points of its share a place may win or lose at once. */
  readonly points: number;
  /** How long each step is kept; `untilResumed`. */
  readonly pause: string;
  /** More failures than so many percent take it back; undefined: nothing does. */
  readonly maxErrorPercent: number | undefined;
};

export const usualSteps: StepsDraft = { isOpen: false, points: 10, pause: "1m", maxErrorPercent: 1 };

/** The request that begins the shift to the drafted shares. */
export function shiftRequest({ service, from, base, shares, etag }: Draft, steps: StepsDraft) {
  const { points, pause, maxErrorPercent } = steps;
  const now = ruleFor({ trafficSplits: [base] }, service, from)?.to ?? {};
  const guard =
    maxErrorPercent === undefined
      ? {}
      : { guard: { metrics: [{ name: "error-rate", source: "load-report", max: maxErrorPercent / 100 }] } };
  // A place that loses all of its share stands in the target with none.
  const target = Object.fromEntries(
    Object.entries({ ...now, ...shares }).map(([place]) => [place, shares[place] ?? 0]),
  );
  return {
    method: "POST" as const,
    path: `/v1/trafficSplits/${encodeURIComponent(base.metadata.name)}:shift`,
    body: {
      from,
      target,
      steps: shiftSteps(now, target, { points, pause, watched: guard.guard !== undefined }),
      ...guard,
    },
    headers: etag === undefined ? {} : { "if-match": `"${etag}"` },
  };
}

/** Why the drafted shares cannot be moved to in steps; undefined: they can. */
export function whyNoSteps({ base, service, from }: Draft): string | undefined {
  return ruleFor({ trafficSplits: [base] }, service, from)?.to === undefined
    ? "These callers go to the nearest: there are no shares to begin from. Apply some first."
    : undefined;
}
