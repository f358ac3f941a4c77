/**
 * How long to wait before attempt `attempt` (0 is the first retry): exponential with full jitter, in milliseconds.
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015); at least a tenth of the limit is waited, so that
 * a run of small random numbers does not become a busy loop.
 */
export function backoffMs(
  attempt: number,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
  random: () => number = Math.random,
): number {
  const limit = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return limit / 10 + random() * limit * 0.9;
}
