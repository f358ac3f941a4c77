/** How much a tenant may ask for: `perSecond` in the long run, and `burst` of it at once. */
export type RateRule = { readonly perSecond: number; readonly burst: number };

/** `tatMs` is the theoretical arrival time to remember for the next call. */
export type Paced =
  | { readonly kind: "conforms"; readonly tatMs: number }
  | { readonly kind: "too-early"; readonly retryAfterMs: number };

/**
 * The generic cell rate algorithm, in its virtual scheduling form (ITU-T I.371, annex A): a call conforms if it does not
 * come earlier than its theoretical arrival time by more than the tolerance that the burst gives. A call that costs more
 * than one conforms as one does, and the next is then so much later.
 */
export function gcra(tatMs: number | undefined, rule: RateRule, cost: number, nowMs: number): Paced {
  const incrementMs = 1_000 / rule.perSecond;
  const toleranceMs = incrementMs * (rule.burst - 1);
  const expectedMs = Math.max(tatMs ?? nowMs, nowMs);
  const earlyMs = expectedMs - toleranceMs - nowMs;
  if (earlyMs > 0) return { kind: "too-early", retryAfterMs: Math.ceil(earlyMs) };
  return { kind: "conforms", tatMs: expectedMs + incrementMs * cost };
}
