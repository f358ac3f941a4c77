import { setTimeout as delay } from "node:timers/promises";

/**
 * Calls `once` at a steady rate until the signal aborts, whether or not earlier ones have been answered: a slow server does
 * not slow its callers down, so it cannot hide. After a stall of this process the lost beats are skipped, not fired at once.
 */
export async function keepPace(perSecond: number, once: () => void, signal: AbortSignal): Promise<void> {
  let due = performance.now();
  const every = 1000 / perSecond;
  while (!signal.aborted) {
    const now = performance.now();
    if (now - due > 500) due = now;
    for (; due <= now && !signal.aborted; due += every) once();
    await delay(Math.max(1, due - now), undefined, { signal }).catch(() => undefined);
  }
}
