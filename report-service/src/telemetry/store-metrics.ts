import type { Gauge, Registry } from "prom-client";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import { answered } from "./answered.ts";

/** Measures what waits, and whether the store says so: while it does not, the other metrics are served without it. */
export function measureStore(
  queue: Pick<JobQueue, "length">,
  results: Pick<ResultsQueue, "length">,
  clock: Clock,
  make: typeof Gauge,
  registers: readonly Registry[],
): void {
  const waiting = oncePerScrape(async () => {
    const length = await queue.length();
    return { count: length.queued, oldestMs: length.oldestQueuedAtMs };
  });
  const unwritten = oncePerScrape(async () => {
    const length = await results.length();
    return { count: length.waiting, oldestMs: length.oldestAtMs };
  });

  function add(name: string, help: string, ask: () => Promise<number | undefined>): void {
    new make({
      ...{ name, help, registers: [...registers] },
      async collect() {
        const value = await ask();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
  const countOf = (ask: Ask) => async () => (await ask())?.count;
  const ageOf = (ask: Ask) => async () => {
    const found = await ask();
    return found && secondsSince(found.oldestMs, clock);
  };

  add("report_store_up", "1 where the store has told in time what waits, else 0.", async () =>
    (await waiting()) ? 1 : 0,
  );
  add("report_queue_length", "Reports that wait for a worker, of all servers that share the store.", countOf(waiting));
  add("report_queue_age_seconds", "How long the oldest of them has waited.", ageOf(waiting));
  add(
    "report_results_waiting",
    "Results that wait for a writer: of this server, or of all where they wait in the store.",
    countOf(unwritten),
  );
  add("report_results_age_seconds", "How long the oldest of them has waited.", ageOf(unwritten));
  add(
    "report_clock_offset_seconds",
    "By how much the store's clock is ahead of this server's machine.",
    async () => clock.offsetMs() / 1000,
  );
}

type Waiting = { readonly count: number; readonly oldestMs: number | undefined };
type Ask = () => Promise<Waiting | undefined>;

function oncePerScrape(ask: () => Promise<Waiting>): Ask {
  let asked: Promise<Waiting | undefined> | undefined;
  return () => {
    asked ??= answered(ask).finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

function secondsSince(timeMs: number | undefined, clock: Clock): number {
  return timeMs === undefined ? 0 : (clock.now() - timeMs) / 1000;
}
