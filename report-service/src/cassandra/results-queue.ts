import type { Clock } from "../ports/clock.ts";
import {
  noResults,
  type Result,
  type ResultsLimits,
  type ResultsQueue,
  usualResultsLimits,
} from "../ports/results-queue.ts";
import type { Bells } from "./bells.ts";
import type { Hint, Hints } from "./hints.ts";
import { inParallel } from "./in-parallel.ts";

const kind = "results";
// Results of other servers ring no bell.
const lookEveryMs = 250;
// Those that other writers have stand before those that nobody has.
const heldByOthers = 1_000;
// Counting reads what it counts: far from the limit, a count is believed so long.
const believedMs = 250;

/** Results that wait as entries among the hints, each held by one writer at a time. */
export function createCassandraResults(
  hints: Hints,
  bells: Bells,
  clock: Clock,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue {
  let counted = { atMs: Number.NEGATIVE_INFINITY, waiting: 0 };
  let given = 0;

  async function waiting(): Promise<number> {
    if (performance.now() - counted.atMs < believedMs && counted.waiting < most / 2) return counted.waiting;
    const all = await hints.oldest(kind, { limit: most + 1 });
    counted = { atMs: performance.now(), waiting: all.length };
    return all.length;
  }

  async function takeNow(wanted: number): Promise<readonly Hint[]> {
    const found = await hints.oldest(kind, { limit: wanted + heldByOthers });
    const taken: Hint[] = [];
    for (const hint of found) {
      if (taken.length >= wanted) break;
      if (await hints.hold(hint, clock.now() + patienceMs, clock.now())) taken.push(hint);
    }
    return taken;
  }

  return {
    async put(result, signal) {
      signal.throwIfAborted();
      given += 1;
      const [number, atMs] = [given, clock.now()];
      if ((await waiting()) >= most) return "full";
      counted.waiting += 1;
      const { tenant, id } = result.key;
      // Within a millisecond, in the order in which this server puts them.
      const place = `${String(number).padStart(12, "0")}/${id}`;
      await hints.put([{ kind, atMs, tenant, id: place, revision: 0, value: JSON.stringify(result) }]);
      bells.ring(result.key);
      return "kept";
    },
    async take(wanted, signal) {
      while (!signal.aborted) {
        const taken = await takeNow(wanted);
        if (taken.length > 0) {
          return {
            results: taken.map(({ value }) => JSON.parse(value) as Result),
            async done() {
              await inParallel(taken, (hint) => hints.release(hint, "done"));
              counted.atMs = Number.NEGATIVE_INFINITY;
            },
          };
        }
        await bells.rung("any", lookEveryMs, signal);
      }
      return noResults;
    },
    async length() {
      const all = await hints.oldest(kind, { limit: most + 1 });
      return { waiting: all.length, ...(all[0] && { oldestAtMs: all[0].atMs }) };
    },
  };
}
