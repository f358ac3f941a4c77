import { setTimeout as delay } from "node:timers/promises";

/** Asks again and again until the condition gives something truthy, and returns that; errors count as "not yet". */
export async function until<T>(
  condition: () => T | Promise<T>,
  { within, what, everyMs = 20 }: { readonly within: number; readonly what: string; readonly everyMs?: number },
): Promise<Exclude<T, false | undefined | null | 0 | "">> {
  const end = performance.now() + within;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, false | undefined | null | 0 | "">;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) throw new Error(`not within ${within} ms: ${what}`, { cause });
    await delay(everyMs);
  }
}

/** The promise's value, or an error that says what did not come. */
export async function inTime<T>(promise: Promise<T>, within: number, what: () => string): Promise<T> {
  const settled = new AbortController();
  const late = delay(within, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`not within ${within} ms: ${what()}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
    late.catch(() => undefined);
  }
}
