import type { Gauge, Registry } from "prom-client";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import type { TryWrite } from "../ports/try-write.ts";
import { answered } from "./answered.ts";

export type MeasuredStore = {
  readonly queue: Pick<JobQueue, "length">;
  readonly results: Pick<ResultsQueue, "length">;
  readonly clock: Clock;
  readonly tryWrite: TryWrite;
};

// However many scrape: each try is a write.
const triedForMs = 5_000;

/**
 * Measures what waits, and whether the store says so and takes writes: while it does not, the other metrics are served
 * without it.
 */
export function measureStore(
  { queue, results, clock, tryWrite }: MeasuredStore,
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
  const writable = rememberedFor(triedForMs, async () => {
    await tryWrite();
    return true;
  });
  add("report_store_writable", "1 where the store has taken a write in time, else 0.", async () =>
    (await writable()) ? 1 : 0,
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

/** What was last answered, or undefined, while that is not older than `forMs`. */
function rememberedFor<T>(forMs: number, ask: () => Promise<T>): () => Promise<T | undefined> {
  let last: { readonly atMs: number; readonly said: Promise<T | undefined> } | undefined;
  return () => {
    const nowMs = performance.now();
    if (!last || nowMs - last.atMs >= forMs) last = { atMs: nowMs, said: answered(ask) };
    return last.said;
  };
}

function secondsSince(timeMs: number | undefined, clock: Clock): number {
  return timeMs === undefined ? 0 : (clock.now() - timeMs) / 1000;
}
