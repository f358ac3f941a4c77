import type { Clock } from "../ports/clock.ts";
import type { Stores } from "../ports/stores.ts";

/** The same moment by the clock of another data center's store: nothing makes the two agree. */
export function timeAt({ clock }: Pick<Stores, "clock">, own: Clock, nowMs: number): number {
  return nowMs + clock.now() - own.now();
}
