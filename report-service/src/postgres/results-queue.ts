import type { Batch, Result, ResultsQueue } from "../ports/results-queue.ts";
import { arrayOf } from "./array.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";

/** How many results may wait, and how long one writer may have them before another one gets them. */
export type ResultsLimits = { readonly most: number; readonly patienceMs: number };

export const usualResultsLimits: ResultsLimits = { most: 10_000, patienceMs: 30_000 };

// A notification may be lost, and what a lost writer had makes no change that could wake anyone.
const lookMs = 1_000;
// Positions are given before the commit, so a lower one may appear later. Those from this far back are looked at each
// time, the rest now and then: as long as an old transaction is open, the dead ones before them could not be skipped.
const lookBack = 5_000;
// A count is good for so long while it is far from the limit.
const countedMs = 250;

const insert = { name: "put-results", text: "insert into results (put_ms, body) select $1, * from unnest($2::text[])" };
const count = {
  name: "count-results",
  text: "select count(*) as waiting from (select from results limit $1) as some_results",
};
const oldest = { name: "oldest-result", text: "select put_ms from results order by position limit 1" };
const takeSome = {
  name: "take-results",
  text: `with picked as (
           select position from results where taken_until_ms <= $1 and position > $4
           order by position limit $2 for update skip locked)
         update results r set taken_until_ms = $3 from picked p where r.position = p.position
         returning r.position, r.body`,
};
const forget = { name: "forget-results", text: "delete from results where position = any($1::bigint[])" };

type Put = {
  readonly result: Result;
  readonly resolve: (how: "kept" | "full") => void;
  readonly reject: (cause: unknown) => void;
};

/** Results in a table beside the reports: what is kept there outlives workers and writers. */
export function createPostgresResults(
  database: Database,
  feed: ChangeFeed,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue {
  let puts: Put[] = [];
  let counted = { waiting: most, atMs: 0 };
  let highest = 0;
  let lookedAtAllMs = 0;

  async function countWaiting(): Promise<number> {
    const [row] = await database.query(count, [most]);
    counted = { waiting: Number(row?.["waiting"]), atMs: Date.now() };
    return counted.waiting;
  }

  /** Those that come in one turn of the event loop share a transaction. */
  async function putAll(): Promise<void> {
    const group = puts;
    puts = [];
    try {
      const isFresh = Date.now() - counted.atMs < countedMs && counted.waiting + group.length < most / 2;
      const room = most - (isFresh ? counted.waiting : await countWaiting());
      const fitting = group.slice(0, Math.max(0, room));
      if (fitting.length > 0) {
        await database.query(insert, [Date.now(), arrayOf(fitting.map(({ result }) => JSON.stringify(result)))]);
        counted = { ...counted, waiting: counted.waiting + fitting.length };
        feed.announce([{ kind: "result" }]);
      }
      for (const [index, { resolve }] of group.entries()) resolve(index < fitting.length ? "kept" : "full");
    } catch (cause) {
      for (const { reject } of group) reject(cause);
    }
  }

  async function takeNow(wanted: number): Promise<Batch | undefined> {
    const nowMs = Date.now();
    const all = nowMs - lookedAtAllMs > lookMs;
    if (all) lookedAtAllMs = nowMs;
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
    put(result, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<"kept" | "full">();
      puts.push({ result, resolve, reject });
      if (puts.length === 1) setImmediate(putAll);
      return promise;
    },
    async take(wanted, signal) {
      using bell = feed.followResults();
      while (!signal.aborted) {
        const batch = await takeNow(wanted);
        if (batch) return batch;
        await bell.rung(signal, Math.min(lookMs, patienceMs));
      }
      return { results: [], done: async () => undefined };
    },
    async length() {
      const [first] = await database.query(oldest, []);
      return { waiting: await countWaiting(), ...(first && { oldestAtMs: Number(first["put_ms"]) }) };
    },
  };
}
