import { setTimeout as delay } from "node:timers/promises";
import type { Database, Query, Row } from "./database.ts";

// Dead rows that are worth a rotation. Each is a row that a claim may have to look at.
const worthDead = 2_000;
const lookMs = 1_000;
// A transaction that has read the queue itself keeps it from being truncated, and who waits for it keeps everyone else
// waiting: so that is tried for a moment, and then not again for a while.
const lockMs = 200;
const longestPauseMs = 60_000;
const movedAtOnce = 2_000;
const lock = 7_101;

const look = {
  name: "look-at-slots",
  text: `select q.slot as current, c.n_dead_tup as dead, o.n_live_tup as other_live, o.n_dead_tup as other_dead,
           pg_relation_size(o.relid) as other_bytes
         from queue_slot q
         join pg_stat_user_tables c on c.relid = ('jobs_' || q.slot)::regclass
         join pg_stat_user_tables o on o.relid = ('jobs_' || 1 - q.slot)::regclass`,
};
const move = {
  name: "move-jobs",
  text: `with some_jobs as (
           select tenant, id, slot from jobs where slot = $1 limit $2 for update skip locked),
         gone as (
           delete from jobs j using some_jobs s where j.slot = s.slot and j.tenant = s.tenant and j.id = s.id
           returning j.*)
         insert into jobs
         select 1 - slot, cluster, priority, tenant, created_ms, id, leased_until_ms, kind from gone
         returning 1`,
};

const swap = { text: "update queue_slot set slot = 1 - slot" };

/**
 * Keeps dead rows out of the queue while an old transaction is open, and vacuum may not remove them. New jobs go into one
 * of two slots. Once it has many dead rows the other one is used; the few jobs that are left follow, and then the slot is
 * truncated, which no transaction delays that has not read it. Moving costs no more than what it frees.
 */
export function startRotation(database: Database): Disposable {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    let waitMs = lookMs;
    for (;;) {
      await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const done = await rotate(database).catch(() => false);
      waitMs = done ? lookMs : Math.min(longestPauseMs, 2 * waitMs);
    }
  }

  void run();
  return {
    [Symbol.dispose]: () => stopping.abort(),
  };
}

/** One look, and what it asks for; false where that could not be done. */
export async function rotate(database: Database): Promise<boolean> {
  const drained = await alone(database, async (query) => {
    const [seen] = await query(look, []);
    if (!seen) return undefined;
    const current = Number(seen["current"]);
    if (Number(seen["other_bytes"]) === 0) {
      if (Number(seen["dead"]) >= worthDead) await query(swap, []);
      return undefined;
    }
    return drain(query, 1 - current, seen);
  });
  if (drained === undefined) return true;
  // Not in one transaction with the move: who waits for a row that moves holds the table, and would never get it.
  return alone(database, (query) => empty(query, drained)).then(
    () => true,
    () => false,
  );
}

/** `work` in a transaction, unless another server does the same now. */
async function alone<T>(database: Database, work: (query: Query) => Promise<T>): Promise<T | undefined> {
  return database.transact(async (query) => {
    const [free] = await query({ text: `select pg_try_advisory_xact_lock(${lock}) as locked` }, []);
    return free?.["locked"] ? work(query) : undefined;
  });
}

/** Moves what is left in a slot that is no longer filled; answers the slot once that was all. */
async function drain(query: Query, slot: number, seen: Row): Promise<number | undefined> {
  const [live, dead] = [Number(seen["other_live"]), Number(seen["other_dead"])];
  // Where most of it lives there is little to win, and it will be worked off.
  if (live > Math.max(movedAtOnce, dead)) return undefined;
  const moved = await query(move, [slot, movedAtOnce]);
  return moved.length < movedAtOnce ? slot : undefined;
}

/** Truncates a slot, if nobody has put anything into it meanwhile. */
async function empty(query: Query, slot: number): Promise<void> {
  await query({ text: `set local lock_timeout = ${lockMs}` }, []);
  await query({ text: `lock table jobs_${slot} in access exclusive mode` }, []);
  const [left] = await query({ text: `select exists (select from jobs_${slot}) as jobs` }, []);
  if (!left?.["jobs"]) await query({ text: `truncate jobs_${slot}` }, []);
}
