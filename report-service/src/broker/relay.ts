import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Lane, Outbox, Waiting } from "../ports/outbox.ts";
import type { Broker, Refused } from "./broker.ts";
import type { BrokerNote } from "./broker-note.ts";

const mostAtOnce = 500;
const [leastPauseMs, longestPauseMs] = [100, 5_000];

/**
 * Publishes what the store's outbox holds, as soon as it does, until disposed of. What the broker refuses of a lane is set
 * aside and tried apart; until that is published, what follows in its lane goes there, too, without being tried.
 */
export function startRelay(
  outbox: Outbox,
  publish: Broker["publish"],
  clock: Clock,
  observe: (note: BrokerNote) => void,
): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const catchingUp = new Map<string, Promise<void>>();
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);

  async function run(): Promise<void> {
    await catchUpAll();
    let failed: { readonly sinceMs: number; readonly pauseMs: number } | undefined;
    while (!signal.aborted) {
      try {
        const count = await relayNext();
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
        await pause(pauseMs);
      }
    }
  }

  async function relayNext(): Promise<number> {
    const seen: { aside: readonly Waiting[]; cause?: Error | undefined } = { aside: [] };
    const publishOthers = async (entries: readonly Waiting[]) => {
      const { behind = [], tried = [] } = Object.groupBy(entries, (entry) =>
        catchingUp.has(nameOf(entry)) ? "behind" : "tried",
      );
      const refused = tried.length > 0 ? await publish(tried) : undefined;
      seen.cause = refused?.cause;
      seen.aside = [...behind, ...(refused?.messages ?? [])];
      return seen.aside;
    };
    const count = await outbox.relay(publishOthers, mostAtOnce, clock.now());
    // Also of what was behind: its lane may have caught up a moment before.
    const lanes = new Map(seen.aside.map((entry) => [nameOf(entry), entry]));
    for (const lane of lanes.values()) startCatchUp(lane, seen.cause);
    return count;
  }

  function startCatchUp({ cluster, priority }: Lane, cause?: Error): void {
    const lane = { cluster, priority };
    const name = nameOf(lane);
    if (catchingUp.has(name) || signal.aborted) return;
    if (cause) observe({ kind: "publishing-failed", lane, cause });
    const work = catchUp(lane, cause !== undefined).finally(() => catchingUp.delete(name));
    catchingUp.set(name, work);
  }

  async function catchUp(lane: Lane, wasTold: boolean): Promise<void> {
    const sinceMs = performance.now();
    let isTold = wasTold;
    for (let pauseMs = isTold ? leastPauseMs : 0; !signal.aborted; ) {
      await pause(pauseMs);
      pauseMs = Math.min(longestPauseMs, Math.max(leastPauseMs, pauseMs * 2));
      const seen: { refused?: Refused | undefined } = {};
      const publishLane = async (entries: readonly Waiting[]) => {
        seen.refused = await publish(entries);
        return seen.refused?.messages;
      };
      try {
        const count = await outbox.relay(publishLane, mostAtOnce, clock.now(), lane);
        if (count === 0) {
          if (isTold) observe({ kind: "published-again", lane, afterMs: performance.now() - sinceMs });
          return;
        }
      } catch {
        // The broker or the store is away, which is told where all lanes are published.
        continue;
      }
      if (!seen.refused) pauseMs = 0;
      else if (!isTold) {
        isTold = true;
        observe({ kind: "publishing-failed", lane, cause: seen.refused.cause });
      }
    }
  }

  /** Of lanes that other servers have set aside, or this one before it was started again. */
  async function catchUpAll(): Promise<void> {
    const lanes = await outbox.refusedLanes().catch(() => []);
    for (const lane of lanes) startCatchUp(lane);
  }

  async function look(): Promise<void> {
    while (!signal.aborted) {
      await pause(longestPauseMs);
      if (!signal.aborted) await catchUpAll();
    }
  }

  const running = Promise.all([run(), look()]);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
      await Promise.all(catchingUp.values());
    },
  };
}

const nameOf = ({ cluster, priority }: Lane) => `${cluster}.${priority}`;
