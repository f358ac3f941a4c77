import { createBell } from "../lib/bell.ts";
import type { Clock } from "../ports/clock.ts";
import {
  type Batch,
  noResults,
  type Result,
  type ResultsLimits,
  type ResultsQueue,
  usualResultsLimits,
} from "../ports/results-queue.ts";

type Waiting = { readonly result: Result; readonly putAtMs: number; readonly written: () => void };

/**
 * Between workers and writers of one process. A result is kept once it is written: until then its worker waits, and
 * holds its lease, so that nothing is lost with the process.
 */
export function createMemoryResults(
  clock: Clock,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue {
  const waiting: Waiting[] = [];
  const taken = new Set<readonly Waiting[]>();
  const bell = createBell();

  function add(...results: readonly Waiting[]): void {
    waiting.unshift(...results);
    bell.ring();
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
      const one: Waiting = { result, putAtMs: clock.now(), written: () => resolve("kept") };
      const giveUp = () => {
        removeFrom(waiting, [one]);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      waiting.push(one);
      bell.ring();
      return promise.finally(() => signal.removeEventListener("abort", giveUp));
    },
    async take(wanted, signal) {
      while (waiting.length === 0 && !signal.aborted) await bell.rung(signal);
      return signal.aborted ? noResults : batchOf(waiting.splice(0, wanted));
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
