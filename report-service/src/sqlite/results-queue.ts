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
import { anyCommit, type ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";

// Results that a lost writer had make no change that could wake another one, so idle writers also look this often.
const lookEveryMs = 1_000;

/** Results in a table beside the reports: what is kept there outlives workers and writers. */
export function createSqliteResults(
  database: Database,
  feed: ChangeFeed,
  clock: Clock,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue {
  // Counted up to the limit only.
  const count = database.prepare("select count(*) as waiting from (select 1 from results limit ?)");
  const insert = database.prepare("insert into results (put_ms, body) values (?, ?)");
  const free = database.prepare("select 1 from results where taken_until_ms <= ? limit 1");
  const next = database.prepare(
    "select position, body from results where taken_until_ms <= ? order by position limit ?",
  );
  const take = database.prepare("update results set taken_until_ms = ? where position = ?");
  const remove = database.prepare("delete from results where position = ?");
  const oldest = database.prepare("select min(put_ms) as oldest from results");

  // They share a transaction, and so what a synced commit costs.
  const put = inOneTurn(async (results: readonly Result[]) => {
    const answers = await database.transact(() => {
      let room = most - Number(count.get(most)?.["waiting"]);
      return results.map((result) => {
        if (room <= 0) return "full";
        room -= 1;
        insert.run(clock.now(), JSON.stringify(result));
        return "kept";
      });
    });
    feed.announce(anyCommit);
    return answers;
  });

  async function takeNow(wanted: number): Promise<Batch | undefined> {
    // Without the lock first: idle writers must not queue up behind those that write.
    if (!free.get(clock.now())) return undefined;
    const rows = await database.transact(() => {
      const nowMs = clock.now();
      const found = next.all(nowMs, wanted);
      for (const row of found) take.run(nowMs + patienceMs, Number(row["position"]));
      return found;
    });
    if (rows.length === 0) return undefined;
    return {
      results: rows.map((row) => JSON.parse(String(row["body"])) as Result),
      async done() {
        await database.transact(() => {
          for (const row of rows) remove.run(Number(row["position"]));
        });
      },
    };
  }

  return {
    async put(result, signal) {
      signal.throwIfAborted();
      return put(result);
    },
    async take(wanted, signal) {
      using subscription = feed.subscribe(anyCommit);
      while (!signal.aborted) {
        const batch = await takeNow(wanted);
        if (batch) return batch;
        await subscription.rung(signal, lookEveryMs);
      }
      return noResults;
    },
    async length() {
      const waiting = Number(count.get(most)?.["waiting"]);
      const oldestAtMs = oldest.get()?.["oldest"];
      return { waiting, ...(typeof oldestAtMs === "number" && { oldestAtMs }) };
    },
  };
}
