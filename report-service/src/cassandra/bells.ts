import { EventEmitter, once } from "node:events";
import type { ReportKey } from "../model/names.ts";

/** Wakes those of this process who wait for a change, of one report or of any. Others look from time to time. */
export type Bells = {
  ring(key: ReportKey): void;
  /** Returns when it rings, after `withinMs`, or with the signal. */
  rung(key: ReportKey | "any", withinMs: number, signal: AbortSignal): Promise<void>;
};

export function createBells(): Bells {
  const rings = new EventEmitter().setMaxListeners(0);
  const topic = (key: ReportKey | "any") => (key === "any" ? "any" : `${key.tenant}/${key.id}`);
  return {
    ring(key) {
      rings.emit(topic(key));
      rings.emit("any");
    },
    async rung(key, withinMs, signal) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
      await once(rings, topic(key), { signal: either }).catch(() => undefined);
    },
  };
}
