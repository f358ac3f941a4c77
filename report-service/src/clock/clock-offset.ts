/**
 * What is known of another clock: by how much it is ahead of the time that has passed here, and by how much it was, or may
 * have been for others who look at it, until a while ago.
 */
export type ClockOffset = {
  readonly ms: number;
  readonly before: readonly { readonly ms: number; readonly untilMs: number }[];
};

/** One look at the other clock: its time, somewhere between asking and the answer. */
export type ClockLook = { readonly askedMs: number; readonly answeredMs: number; readonly timeMs: number };

export function firstOffset({ askedMs, answeredMs, timeMs }: ClockLook): ClockOffset {
  return { ms: timeMs - (askedMs + answeredMs) / 2, before: [] };
}

/**
 * After another look, which moves the offset no further than it has to: an answer that took long says little. What was
 * before counts for `settleMs` longer.
 */
export function nextOffset(
  { ms, before }: ClockOffset,
  { askedMs, answeredMs, timeMs }: ClockLook,
  settleMs: number,
): ClockOffset {
  const after = Math.min(Math.max(ms, timeMs - answeredMs), timeMs - askedMs);
  const left = before.filter(({ untilMs }) => untilMs > answeredMs);
  return { ms: after, before: after === ms ? left : [...left, { ms, untilMs: answeredMs + settleMs }] };
}

export function boundsOf({ ms, before }: ClockOffset): { readonly leastMs: number; readonly mostMs: number } {
  const all = [ms, ...before.map((one) => one.ms)];
  return { leastMs: Math.min(...all), mostMs: Math.max(...all) };
}
