/** How often an endpoint has changed lately, and when its last change was let through. Times are monotonic. */
export type Flaps = { readonly changes: number; readonly countedMs: number; readonly passedMs: number };

// An instance that is deployed, checked, drained and deployed again changes a few times in a row.
const free = 5;
const firstMs = 200;
const growth = 1.15;
/** One change is forgotten for each of these that passes. */
const forgetMs = 10_000;
// By then the wait has long been at its limit; more would only prolong the way back.
const most = 40;

/** Its source said something else of it. */
export function afterFlap(before: Flaps | undefined, nowMs: number): Flaps {
  const left = before ? changesLeft(before, nowMs) : 0;
  return { changes: Math.min(most, left + 1), countedMs: nowMs, passedMs: before?.passedMs ?? nowMs };
}

/** A change of it was let through. */
export function afterPass(before: Flaps, nowMs: number): Flaps {
  return { ...before, passedMs: nowMs };
}

/**
 * When the next change may be let through. The first five count at once; each one more waits 15 % longer after the one before
 * it, from 0.2 s to `longestMs`: an endpoint that changes ten times a second is soon one change in ten seconds, and one that
 * was restarted twice is not slowed down.
 */
export function passesAtMs(flaps: Flaps, nowMs: number, longestMs: number): number {
  const over = Math.floor(changesLeft(flaps, nowMs)) - free;
  return over <= 0 ? nowMs : flaps.passedMs + Math.min(longestMs, firstMs * growth ** over);
}

/** Nothing is left of it that would put a change off. */
export function isCalm(flaps: Flaps, nowMs: number): boolean {
  return changesLeft(flaps, nowMs) <= 0;
}

export function isFlapping(flaps: Flaps, nowMs: number): boolean {
  return changesLeft(flaps, nowMs) > free;
}

function changesLeft({ changes, countedMs }: Flaps, nowMs: number): number {
  return Math.max(0, changes - (nowMs - countedMs) / forgetMs);
}
