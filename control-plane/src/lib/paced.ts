import type { Latest } from "./latest.ts";
import { pause } from "./wait.ts";

/**
 * The newest values, but not each of a burst: one that comes alone is given at once; after it, changes are waited for until
 * nothing has changed for `quietMs`, or `maxMs` have passed, and then given as one.
 */
export async function* paced<T>(
  latest: Latest<T>,
  { quietMs, maxMs }: { readonly quietMs: number; readonly maxMs: number },
  signal: AbortSignal,
  clock: () => number = () => performance.now(),
): AsyncGenerator<T, void> {
  for await (const value of latest.changes(signal)) {
    yield value;
    const until = clock() + maxMs;
    let seen = latest.current();
    do {
      seen = latest.current();
      await pause(Math.min(quietMs, Math.max(0, until - clock())), signal);
    } while (latest.current() !== seen && clock() < until && !signal.aborted);
  }
}
