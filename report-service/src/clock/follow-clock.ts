import { setTimeout as delay } from "node:timers/promises";
import type { Clock, ClockNote } from "../ports/clock.ts";
import { boundsOf, type ClockLook, type ClockOffset, firstOffset, nextOffset } from "./clock-offset.ts";

const lookEveryMs = 5_000;
// All servers have looked again and renewed each lease by then, unless leases are of more than ten minutes.
const settleMs = 300_000;
// More than a busy machine takes for a look, and what nobody's clock is off by who lets it be set.
const tellMs = 1_000;

/**
 * Follows the clock that `readMs` answers, such as a database's: with a look now and then, and by the monotonic clock in
 * between, so that a jump of this machine's clock does no harm. A look that fails changes nothing.
 */
export async function followClock(
  readMs: () => Promise<number>,
  observe: (note: ClockNote) => void,
): Promise<Clock & Disposable> {
  async function look(): Promise<ClockLook> {
    const askedMs = performance.now();
    const timeMs = await readMs();
    return { askedMs, answeredMs: performance.now(), timeMs };
  }
  return follow(await look(), look, lookEveryMs, observe);
}

const ownEveryMs = 1_000;

/** Follows the clock of this machine, which all processes here share: its jumps, as those of any other clock. */
export function followOwnClock(observe: (note: ClockNote) => void): Clock & Disposable {
  const look = (): ClockLook => {
    const atMs = performance.now();
    // It says whole milliseconds, of which some part has passed.
    return { askedMs: atMs - 1, answeredMs: atMs, timeMs: Date.now() };
  };
  return follow(look(), async () => look(), ownEveryMs, observe);
}

function follow(
  first: ClockLook,
  look: () => Promise<ClockLook>,
  everyMs: number,
  observe: (note: ClockNote) => void,
): Clock & Disposable {
  const stopping = new AbortController();
  let offset: ClockOffset = firstOffset(first);
  let bounds = boundsOf(offset);
  let differs = false;

  const offsetMs = () => offset.ms + performance.now() - Date.now();

  function tell(byMs: number): void {
    if (Math.abs(byMs) > tellMs) observe({ kind: "clock-jumped", byMs: Math.round(byMs) });
    const off = Math.abs(offsetMs()) > tellMs;
    if (off === differs) return;
    differs = off;
    observe({ kind: off ? "clock-differs" : "clock-agrees", offsetMs: Math.round(offsetMs()) });
  }

  async function run(): Promise<void> {
    for (;;) {
      await delay(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const seen = await look().catch(() => undefined);
      if (!seen) continue;
      const before = offset.ms;
      offset = nextOffset(offset, seen, settleMs);
      bounds = boundsOf(offset);
      tell(offset.ms - before);
    }
  }

  tell(0);
  void run();
  return {
    now: () => Math.round(performance.now() + bounds.leastMs),
    leaseMs: (ms) => ms + Math.ceil(bounds.mostMs - bounds.leastMs),
    offsetMs,
    [Symbol.dispose]: () => stopping.abort(),
  };
}
