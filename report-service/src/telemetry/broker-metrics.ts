import { setTimeout as delay } from "node:timers/promises";
import type { Gauge, Registry } from "prom-client";
import type { Backlog, JobQueue } from "../ports/job-queue.ts";

/** A scrape does not wait longer for a broker. */
const patienceMs = 2_000;

/** Measures what a broker between the store and the workers has not passed on; nothing where there is none. */
export function measureBacklog(
  queue: Pick<JobQueue, "backlog">,
  make: typeof Gauge,
  registers: readonly Registry[],
): void {
  if (!queue.backlog) return;
  // Asked once for both; a broker that does not answer leaves the last numbers.
  let asked: Promise<Backlog | undefined> | undefined;
  const ask = () => {
    asked ??= inTime(queue).finally(() => {
      asked = undefined;
    });
    return asked;
  };
  for (const [name, help] of [
    ["unpublished", "Reports that wait in the store's outbox to be told to the broker."],
    ["undelivered", "Messages in the broker that no worker is done with, of the clusters that this server works for."],
  ] as const) {
    new make({
      name: `report_broker_${name}`,
      help,
      registers: [...registers],
      async collect() {
        const backlog = await ask();
        if (backlog) this.set(backlog[name]);
      },
    });
  }
}

async function inTime({ backlog }: Pick<JobQueue, "backlog">): Promise<Backlog | undefined> {
  const late = delay(patienceMs, undefined, { ref: false });
  return Promise.race([backlog?.().catch(() => undefined), late]);
}
