import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { Broker } from "./broker.ts";
import type { BrokerNote } from "./broker-note.ts";

const mostAtOnce = 500;
const [leastPauseMs, longestPauseMs] = [100, 5_000];

/** Publishes what the store's outbox holds, as soon as it does, until disposed of. */
export function startRelay(
  outbox: Outbox,
  publish: Broker["publish"],
  clock: Clock,
  observe: (note: BrokerNote) => void,
): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    let failed: { readonly sinceMs: number; readonly pauseMs: number } | undefined;
    while (!signal.aborted) {
      try {
        const count = await outbox.relay(publish, mostAtOnce, clock.now());
        if (count > 0 && failed) {
          observe({ kind: "published-again", afterMs: performance.now() - failed.sinceMs });
          failed = undefined;
        }
        if (count === 0) await outbox.wait(signal);
      } catch (cause) {
        if (signal.aborted) return;
        if (!failed) observe({ kind: "publishing-failed", cause: cause as Error });
        const pauseMs = Math.min(longestPauseMs, (failed?.pauseMs ?? leastPauseMs / 2) * 2);
        failed = { sinceMs: failed?.sinceMs ?? performance.now(), pauseMs };
        await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
