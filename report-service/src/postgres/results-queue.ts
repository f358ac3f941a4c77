import { inOneTurn } from "../lib/in-one-turn.ts";
import type { Clock } from "../ports/clock.ts";
import {
  type Batch,
  noResults,
  type Result,
  type ResultsLimits,
  type ResultsQueue,
  usualResultsLimits,
} from "../ports/results-queue.ts";
import { arrayOf } from "./array.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";
import { isLive } from "./slotted-tables.ts";

// A notification may be lost, and what a lost writer had makes no change that could wake anyone.
const lookMs = 1_000;
// Positions are given before the commit, so a lower one may appear later. Those from this far back are looked at each
// time, the rest now and then: as long as an old transaction is open, the dead ones before them could not be skipped.
const lookBack = 5_000;
// A count is good for so long while it is far from the limit.
const countedMs = 250;

const insert = {
  name: "put-results",
  text: `insert into results (slot, put_ms, body)
         select s.slot, $1, w.body from results_slot s, unnest($2::text[]) as w(body)`,
};
const count = {
  name: "count-results",
  text: `select count(*) as waiting from (
           select from results r where ${isLive("results", "r")} limit $1) as some_results`,
};
const oldest = {
  name: "oldest-result",
  text: `select r.put_ms from results r where ${isLive("results", "r")} order by r.position limit 1`,
};
const takeSome = {
  name: "take-results",
  text: `with picked as (
           select r.slot, r.position from results r
           where r.taken_until_ms <= $1 and r.position > $4 and ${isLive("results", "r")}
           order by r.position limit $2 for update skip locked)
         update results r set taken_until_ms = $3 from picked p
         where r.slot = p.slot and r.position = p.position
         returning r.position, r.body`,
};
const forget = { name: "forget-results", text: "delete from results where position = any($1::bigint[])" };

/** Results in a table beside the reports: what is kept there outlives workers and writers. */
export function createPostgresResults(
  database: Database,
  feed: ChangeFeed,
  clock: Clock,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue {
  let counted = { waiting: most, atMs: Number.NEGATIVE_INFINITY };
  let highest = 0;
  let lookedAtAllMs = Number.NEGATIVE_INFINITY;

  async function countWaiting(): Promise<number> {
    const [row] = await database.query(count, [most]);
    counted = { waiting: Number(row?.["waiting"]), atMs: performance.now() };
    return counted.waiting;
  }

  // They share a transaction.
  const put = inOneTurn(async (results: readonly Result[]) => {
    const isFresh = performance.now() - counted.atMs < countedMs && counted.waiting + results.length < most / 2;
    const room = most - (isFresh ? counted.waiting : await countWaiting());
    const fitting = results.slice(0, Math.max(0, room));
    if (fitting.length > 0) {
      await database.query(insert, [clock.now(), arrayOf(fitting.map((result) => JSON.stringify(result)))]);
      counted = { ...counted, waiting: counted.waiting + fitting.length };
      feed.announce([{ kind: "result" }]);
    }
    return results.map((_, index) => (index < fitting.length ? "kept" : "full"));
  });

  async function takeNow(wanted: number): Promise<Batch | undefined> {
    const nowMs = clock.now();
    const all = performance.now() - lookedAtAllMs > lookMs;
    if (all) lookedAtAllMs = performance.now();
    const rows = await database.query(takeSome, [nowMs, wanted, nowMs + patienceMs, all ? 0 : highest - lookBack]);
    if (rows.length === 0) return undefined;
    const found = rows
      .map((row) => ({ position: Number(row["position"]), result: JSON.parse(String(row["body"])) as Result }))
      .sort((a, b) => a.position - b.position);
    highest = Math.max(highest, found.at(-1)?.position ?? 0);
    return {
      results: found.map(({ result }) => result),
      async done() {
        await database.query(forget, [arrayOf(found.map(({ position }) => position))]);
        counted = { ...counted, waiting: Math.max(0, counted.waiting - found.length) };
      },
    };
  }

  return {
    async put(result, signal) {
      signal.throwIfAborted();
      return put(result);
    },
    async take(wanted, signal) {
      using bell = feed.followResults();
      while (!signal.aborted) {
        const batch = await takeNow(wanted);
        if (batch) return batch;
        await bell.rung(signal, Math.min(lookMs, patienceMs));
      }
      return noResults;
    },
    async length() {
      const [first] = await database.query(oldest, []);
      return { waiting: await countWaiting(), ...(first && { oldestAtMs: Number(first["put_ms"]) }) };
    },
  };
}
