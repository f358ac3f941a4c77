import { setTimeout as delay } from "node:timers/promises";

// Servers that have just started compile their code as they answer, while six more start beside them.
const warmUpMs = 10_000;
const coldShare = 0.2;

/**
 * Calls `once` at a steady rate, which is lower at first, until the signal aborts, whether or not earlier ones have been answered: a slow server does
 * not slow its callers down, so it cannot hide. After a stall of this process the lost beats are skipped, not fired at once.
 */
export async function keepPace(perSecond: number, once: () => void, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  let due = began;
  while (!signal.aborted) {
    const now = performance.now();
    if (now - due > 500) due = now;
    const warmth = Math.min(1, (now - began) / warmUpMs);
    const every = 1000 / (perSecond * (coldShare + (1 - coldShare) * warmth));
    for (; due <= now && !signal.aborted; due += every) once();
    await delay(Math.max(1, due - now), undefined, { signal }).catch(() => undefined);
  }
}
