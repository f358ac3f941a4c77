import type { Batch, Result, ResultsQueue } from "../ports/results-queue.ts";

/** How many results may wait, and how long one writer may have them. */
export type ResultsLimits = { readonly most: number; readonly patienceMs: number };

export const usualResultsLimits: ResultsLimits = { most: 10_000, patienceMs: 30_000 };

type Waiting = { readonly result: Result; readonly putAtMs: number; readonly written: () => void };

const nothing: Batch = { results: [], done: async () => undefined };

/**
 * Between workers and writers of one process. A result is kept once it is written: until then its worker waits, and
 * holds its lease, so that nothing is lost with the process.
 */
export function createMemoryResults({ most, patienceMs }: ResultsLimits = usualResultsLimits): ResultsQueue {
  const waiting: Waiting[] = [];
  const taken = new Set<readonly Waiting[]>();
  let takers: (() => void)[] = [];

  function add(...results: readonly Waiting[]): void {
    waiting.unshift(...results);
    wake();
  }

  function wake(): void {
    const woken = takers;
    takers = [];
    for (const resume of woken) resume();
  }

  function batchOf(results: readonly Waiting[]): Batch {
    taken.add(results);
    const giveAgain = setTimeout(() => taken.delete(results) && add(...results), patienceMs).unref();
    return {
      results: results.map(({ result }) => result),
      async done() {
        clearTimeout(giveAgain);
        if (!taken.delete(results)) removeFrom(waiting, results);
        for (const { written } of results) written();
      },
    };
  }

  return {
    async put(result, signal) {
      signal.throwIfAborted();
      if (waiting.length + [...taken].reduce((sum, { length }) => sum + length, 0) >= most) return "full";
      const { promise, resolve, reject } = Promise.withResolvers<"kept">();
      const one: Waiting = { result, putAtMs: Date.now(), written: () => resolve("kept") };
      const giveUp = () => {
        removeFrom(waiting, [one]);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      waiting.push(one);
      wake();
      return promise.finally(() => signal.removeEventListener("abort", giveUp));
    },
    async take(wanted, signal) {
      while (waiting.length === 0 && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const resume = () => resolve();
        takers.push(resume);
        signal.addEventListener("abort", resume, { once: true });
        await promise;
        takers = takers.filter((one) => one !== resume);
        signal.removeEventListener("abort", resume);
      }
      return signal.aborted ? nothing : batchOf(waiting.splice(0, wanted));
    },
    async length() {
      const all = [...[...taken].flat(), ...waiting];
      const oldestAtMs = Math.min(...all.map(({ putAtMs }) => putAtMs));
      return { waiting: all.length, ...(all.length > 0 && { oldestAtMs }) };
    },
  };
}

function removeFrom(list: Waiting[], gone: readonly Waiting[]): void {
  for (const one of gone) {
    const at = list.indexOf(one);
    if (at >= 0) list.splice(at, 1);
  }
}
