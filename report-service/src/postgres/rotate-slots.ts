import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Database, Query, Row } from "./database.ts";
import { type SlottedTable, slottedTables } from "./slotted-tables.ts";

// Dead rows that are worth a turn. Statements may have to look at each of them; each turn has statements planned anew.
const worthRows = 1_000;
const lookMs = { busy: 100, quiet: 1_000 };
// How much of the time may go into it: while an old transaction is open, each truncation leaves dead rows in the catalog.
const timesCost = 20;
// A transaction that has read the table itself keeps it from being truncated, and who waits for it keeps everyone else
// waiting: so that is tried for a moment, and then not again for a while.
const lockMs = 200;
const longestPauseMs = 60_000;
const movedAtOnce = 2_000;
const lock = 7_101;

function look({ name }: SlottedTable) {
  return {
    name: `look-at-${name}`,
    text: `select s.slot as filled, pg_relation_size(filled.id) as bytes, pg_stat_get_live_tuples(filled.id) as live,
             pg_relation_size(left_one.id) as left_bytes, pg_stat_get_live_tuples(left_one.id) as left_live,
             pg_stat_get_dead_tuples(left_one.id) as left_dead
           from ${name}_slot s cross join lateral (select ('${name}_' || s.slot)::regclass as id) filled
           cross join lateral (select ('${name}_' || 1 - s.slot)::regclass as id) left_one`,
  };
}

/**
 * Keeps dead rows out of tables whose rows soon go again, while an old transaction is open, and vacuum may not remove them.
 * Once a slot has much that is dead the other one is filled; the few rows that are left follow, and then the slot is
 * truncated, which no transaction delays that has not read it. Moving costs no more than what it frees.
 */
export function startRotation(database: Database, clock: Clock): Disposable {
  const stopping = new AbortController();

  async function run(table: SlottedTable): Promise<void> {
    let waitMs = lookMs.quiet;
    for (;;) {
      await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const startedMs = performance.now();
      const found = await rotate(database, table, clock).catch(() => "hindered" as const);
      const costMs = performance.now() - startedMs;
      if (found === "hindered") waitMs = Math.min(longestPauseMs, 2 * Math.max(waitMs, lookMs.quiet));
      else waitMs = Math.max(lookMs[found], timesCost * costMs);
    }
  }

  // Each by itself: what hinders one must not keep the others waiting.
  for (const table of slottedTables) void run(table);
  return {
    [Symbol.dispose]: () => stopping.abort(),
  };
}

/** One look, and what it asks for. Busy: the next one should be soon; hindered: something could not be done. */
export async function rotate(
  database: Database,
  table: SlottedTable,
  clock: Clock,
): Promise<"quiet" | "busy" | "hindered"> {
  const [seen] = await database.query(look(table), []);
  if (!seen || !isBusy(table, seen)) return "quiet";
  return (await turn(database, table, seen, clock)) ? "busy" : "hindered";
}

/** Of the slot that is filled, by its size: statistics come a second later. */
function deadRows({ rowBytes }: SlottedTable, row: Row): number {
  return Number(row["bytes"]) / rowBytes - Number(row["live"]);
}

function isBusy(table: SlottedTable, row: Row): boolean {
  return Number(row["left_bytes"]) > 0 || deadRows(table, row) > worthRows / 4;
}

/** Whether it could be done. */
async function turn(database: Database, table: SlottedTable, row: Row, clock: Clock): Promise<boolean> {
  const filled = Number(row["filled"]);
  if (Number(row["left_bytes"]) === 0) {
    if (deadRows(table, row) >= worthRows) await alone(database, table, (query) => swap(query, table, filled));
    return true;
  }
  // Where most of it lives there is little to win, and it will be worked off.
  if (Number(row["left_live"]) > Math.max(movedAtOnce, Number(row["left_dead"]))) return true;
  const emptied = await alone(database, table, (query) => drain(query, table, 1 - filled, clock.now()));
  if (!emptied) return true;
  // Not in one transaction with the move: who waits for a row that moves holds the table, and would never get it.
  return alone(database, table, (query) => empty(query, table, 1 - filled)).then(
    () => true,
    () => false,
  );
}

/** `work` in a transaction, unless another server does the same with the table now. */
async function alone<T>(
  database: Database,
  { name }: SlottedTable,
  work: (query: Query) => Promise<T>,
): Promise<T | undefined> {
  return database.transact(async (query) => {
    const [free] = await query({ text: `select pg_try_advisory_xact_lock(${lock}, hashtext($1)) as locked` }, [name]);
    return free?.["locked"] ? work(query) : undefined;
  });
}

/** Fills the other slot, unless somebody has turned it since `filled` was seen. */
async function swap(query: Query, { name }: SlottedTable, filled: number): Promise<void> {
  await query({ text: `select nextval('${name}_turns') from ${name}_slot where slot = $1` }, [filled]);
}

/** Moves what nobody holds out of a slot that is no longer filled; whether that was all. */
async function drain(
  query: Query,
  { name, columns, heldUntil }: SlottedTable,
  slot: number,
  nowMs: number,
): Promise<boolean> {
  const moved = await query(
    {
      name: `move-${name}`,
      text: `with gone as (
               delete from ${name} where slot = $1 and ctid = any (array(
                 select ctid from ${name} where slot = $1 ${heldUntil ? `and ${heldUntil} <= $3` : ""}
                 limit $2 for update skip locked))
               returning slot, ${columns})
             insert into ${name} (slot, ${columns}) select 1 - slot, ${columns} from gone returning 1`,
    },
    [slot, movedAtOnce, ...(heldUntil ? [nowMs] : [])],
  );
  return moved.length < movedAtOnce;
}

/** Truncates a slot, if nothing is left in it. */
async function empty(query: Query, { name }: SlottedTable, slot: number): Promise<void> {
  await query({ text: `set local lock_timeout = ${lockMs}` }, []);
  await query({ text: `lock table ${name}_${slot} in access exclusive mode` }, []);
  const [left] = await query({ text: `select exists (select from ${name}_${slot}) as rows` }, []);
  if (!left?.["rows"]) await query({ text: `truncate ${name}_${slot}` }, []);
}
