/** One locality's health as it is used: what it was last told to be, and how far it is on its way up. */
export type LocalityPace = {
  /** Percent of its endpoints that serve, as sources say. */
  readonly said: number;
  /** Percent that is used: never more than is said. */
  readonly percent: number;
  /** Endpoints that serve, and whether there were more since all of it was used: without a loss there is nothing to come back. */
  readonly serving: number;
  readonly hasLost: boolean;
  /** Since when more is said than is used, without a step back; and what was used then. */
  readonly rising: { readonly sinceMs: number; readonly from: number } | undefined;
  /** All of it is draining or has drained: it went on purpose, and may come back as it was. */
  readonly isLeaving: boolean;
};

/** How health that rises is believed: after a hold, and then step by step. */
export type Rise = { readonly holdForMs: number; readonly stepPercent: number; readonly everyMs: number };

/** What there is of a locality: how many serve, and percent of the live ones, or why there is nothing to count. */
export type Said = { readonly serving: number; readonly percent: number } | "draining" | "gone";

/**
 * The next state of a locality, and when it is to be asked again although nothing was said.
 *
 * What falls is believed at once. What rises is believed after it held, and then a step at a time: health that comes and goes
 * does not send requests to and fro. From `enoughPercent` on, no request went elsewhere, and there is nothing to bring back; nor is there
 * where new endpoints were not ready at first, and none was lost.
 */
export function paceLocality(
  before: LocalityPace | undefined,
  said: Said,
  { rise, enoughPercent, nowMs }: { readonly rise: Rise; readonly enoughPercent: number; readonly nowMs: number },
): { readonly pace: LocalityPace; readonly nextMs: number | undefined } {
  if (said === "draining") {
    const pace = before ?? { said: 100, percent: 100, serving: 0, hasLost: false };
    return { pace: { ...pace, serving: 0, rising: undefined, isLeaving: true }, nextMs: undefined };
  }
  if (said === "gone") {
    const lost = { said: 0, percent: 0, serving: 0, hasLost: true, rising: undefined, isLeaving: false };
    return { pace: before?.isLeaving ? before : lost, nextMs: undefined };
  }
  const { percent, serving } = said;
  // Who is seen for the first time, and fails, may have served until just now.
  const hasLost = before === undefined ? true : before.hasLost || serving < before.serving;
  const common = { said: percent, serving, isLeaving: false };
  const calm = {
    pace: { ...common, percent, rising: undefined, hasLost: hasLost && percent < enoughPercent },
    nextMs: undefined,
  };
  if (before === undefined || percent <= before.percent || before.percent >= enoughPercent || !hasLost) return calm;

  const hasFallen = percent < before.said;
  const rising = before.rising && !hasFallen ? before.rising : { sinceMs: nowMs, from: before.percent };
  const steps = Math.floor((nowMs - rising.sinceMs - rise.holdForMs) / rise.everyMs) + 1;
  const reached = Math.min(percent, rising.from + Math.max(0, steps) * rise.stepPercent);
  if (reached >= percent || reached >= enoughPercent) return calm;
  return {
    pace: { ...common, percent: reached, rising, hasLost },
    nextMs: rising.sinceMs + rise.holdForMs + Math.max(0, steps) * rise.everyMs,
  };
}
