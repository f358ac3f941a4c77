/** One locality's health as it is used: what it was last told to be, and how far it is on its way up. */
export type LocalityPace = {
  /** Percent of its endpoints that serve, as sources say. */
  readonly said: number;
  /** Percent that is used: never more than is said. */
  readonly percent: number;
  /** Since when more is said than is used, without a step back; and what was used then. */
  readonly rising: { readonly sinceMs: number; readonly from: number } | undefined;
  /** All of it is draining or has drained: it went on purpose, and may come back as it was. */
  readonly isLeaving: boolean;
};

/** How health that rises is believed: after a hold, and then step by step. */
export type Rise = { readonly holdForMs: number; readonly stepPercent: number; readonly everyMs: number };

/** What there is of a locality: percent that serve of the live ones, or why there is nothing to count. */
export type Said = { readonly percent: number } | "draining" | "gone";

/**
 * The next state of a locality, and when it is to be asked again although nothing was said.
 *
 * What falls is believed at once. What rises is believed after it held, and then a step at a time: health that comes and goes
 * does not send requests to and fro. From `enoughPercent` on, no request went elsewhere, and there is nothing to bring back.
 */
export function paceLocality(
  before: LocalityPace | undefined,
  said: Said,
  { rise, enoughPercent, nowMs }: { readonly rise: Rise; readonly enoughPercent: number; readonly nowMs: number },
): { readonly pace: LocalityPace; readonly nextMs: number | undefined } {
  if (said === "draining") {
    const pace = before ?? { said: 100, percent: 100, rising: undefined, isLeaving: true };
    return { pace: { ...pace, rising: undefined, isLeaving: true }, nextMs: undefined };
  }
  if (said === "gone") {
    const stays = before?.isLeaving ? before : { said: 0, percent: 0, rising: undefined, isLeaving: false };
    return { pace: stays, nextMs: undefined };
  }
  const { percent } = said;
  const calm = { pace: { said: percent, percent, rising: undefined, isLeaving: false }, nextMs: undefined };
  if (before === undefined || percent <= before.percent || before.percent >= enoughPercent) return calm;

  const hasFallen = percent < before.said;
  const rising = before.rising && !hasFallen ? before.rising : { sinceMs: nowMs, from: before.percent };
  const steps = Math.floor((nowMs - rising.sinceMs - rise.holdForMs) / rise.everyMs) + 1;
  const reached = Math.min(percent, rising.from + Math.max(0, steps) * rise.stepPercent);
  if (reached >= percent || reached >= enoughPercent) return calm;
  return {
    pace: { said: percent, percent: reached, rising, isLeaving: false },
    nextMs: rising.sinceMs + rise.holdForMs + Math.max(0, steps) * rise.everyMs,
  };
}
