import type { Database, Query } from "./database.ts";
import { freshSlot, type SlottedTable, turnTo } from "./slotted-tables.ts";

export type Slot = {
  readonly number: number;
  readonly bytes: number;
  /** As statistics have it, a second late. */
  readonly live: number;
  readonly dead: number;
};

export type Slots = {
  readonly filled: Slot;
  /** Was filled before. */
  readonly emptied: Slot;
  /** Nothing lives in these, but for what an old transaction commits late. */
  readonly others: readonly Slot[];
};

// What was not done, because another server has changed the slots or is about to.
const overtaken = Symbol("overtaken");

// Who waits for a lock keeps everyone else waiting who comes after.
const lockMs = 50;
const movedAtOnce = 2_000;
const lock = 7_101;
const patience = { text: `set local lock_timeout = ${lockMs}` };

export async function readSlots(database: Database, { name }: SlottedTable): Promise<Slots> {
  const rows = await database.query(
    {
      name: `slots-of-${name}`,
      text: `select s.slot as filled, s.other as emptied, p.slot, pg_relation_size(p.id) as bytes,
               pg_stat_get_live_tuples(p.id) as live, pg_stat_get_dead_tuples(p.id) as dead
             from ${name}_slot s, (
               select inhrelid as id, substring(inhrelid::regclass::text from '\\d+$')::smallint as slot
               from pg_inherits where inhparent = '${name}'::regclass) p
             order by p.slot`,
    },
    [],
  );
  const slots = rows.map((row) => ({
    number: Number(row["slot"]),
    bytes: Number(row["bytes"]),
    live: Number(row["live"]),
    dead: Number(row["dead"]),
  }));
  const filled = slots.find(({ number }) => number === Number(rows[0]?.["filled"]));
  const emptied = slots.find(({ number }) => number === Number(rows[0]?.["emptied"]));
  if (!filled || !emptied) throw new Error(`a slot of ${name} that ${name}_slot names is not there`);
  return { filled, emptied, others: slots.filter((slot) => slot !== filled && slot !== emptied) };
}

/** `work` in a transaction, where no other server changes the slots, and they are filled and emptied as they were seen. */
async function change<T>(
  database: Database,
  { name }: SlottedTable,
  { filled, emptied }: Slots,
  work: (query: Query) => Promise<T>,
): Promise<T | typeof overtaken> {
  return database.transact(async (query) => {
    const [free] = await query({ text: `select pg_try_advisory_xact_lock(${lock}, hashtext($1)) as locked` }, [name]);
    if (!free?.["locked"]) return overtaken;
    const [now] = await query({ text: `select slot, other from ${name}_slot` }, []);
    const same = Number(now?.["slot"]) === filled.number && Number(now?.["other"]) === emptied.number;
    return same ? work(query) : overtaken;
  });
}

/** The transactions that have a lock on a table or on one of its slots. */
export async function holdersOf(database: Database, relation: string): Promise<readonly string[]> {
  const rows = await database.query(
    {
      name: "holders",
      text: `select distinct virtualtransaction as holder from pg_locks
             where relation = to_regclass($1) and granted and pid is distinct from pg_backend_pid()`,
    },
    [relation],
  );
  return rows.map((row) => String(row["holder"]));
}

/** Has the slot of that number filled, and what is filled now emptied. */
export async function turn(database: Database, table: SlottedTable, slots: Slots, number: number): Promise<void> {
  const { name } = table;
  await change(database, table, slots, async (query) => {
    const isThere = `to_regclass('${name}_${number}') is not null`;
    await query({ text: `select ${turnTo(name, `${number}`, `${slots.filled.number}`)} where ${isThere}` }, []);
  });
}

/** Moves what nobody holds out of a slot into the one that is filled; whether that was all. */
export async function drain(
  database: Database,
  table: SlottedTable,
  slots: Slots,
  slot: Slot,
  nowMs: number,
): Promise<boolean> {
  const { name, columns, heldUntil } = table;
  const moved = await change(database, table, slots, (query) =>
    query(
      {
        name: `move-${name}`,
        text: `with gone as (
                 delete from ${name} where slot = $1 and ctid = any (array(
                   select ctid from ${name} where slot = $1 ${heldUntil ? `and ${heldUntil} <= $4` : ""}
                   limit $2 for update skip locked))
                 returning slot, ${columns})
               insert into ${name} (slot, ${columns}) select $3::smallint, ${columns} from gone returning 1`,
      },
      [slot.number, movedAtOnce, slots.filled.number, ...(heldUntil ? [nowMs] : [])],
    ),
  );
  return moved !== overtaken && moved.length < movedAtOnce;
}

/**
 * Truncates a slot, if nothing is left in it. Throws where an open transaction has read it or written to it. Not to be done
 * in one transaction with what moves rows: who waits for such a row holds the table, and would never get it.
 */
export async function empty(database: Database, table: SlottedTable, slots: Slots, slot: Slot): Promise<void> {
  const partition = `${table.name}_${slot.number}`;
  await change(database, table, slots, async (query) => {
    await query(patience, []);
    await query({ text: `lock table ${partition} in access exclusive mode` }, []);
    const [left] = await query({ text: `select exists (select from ${partition}) as rows` }, []);
    if (!left?.["rows"]) await query({ text: `truncate ${partition}` }, []);
  });
}

/** Adds an empty slot, which no open transaction can have read, and answers its number. */
export async function add(database: Database, table: SlottedTable, slots: Slots): Promise<number> {
  const numbers = new Set([slots.filled, slots.emptied, ...slots.others].map(({ number }) => number));
  let number = 0;
  while (numbers.has(number)) number += 1;
  await change(database, table, slots, async (query) => {
    await query(patience, []);
    await query({ text: freshSlot(table.name, number) }, []);
  });
  return number;
}

/** Removes an empty slot. Throws where an open transaction has read the table or written to it. */
export async function remove(database: Database, table: SlottedTable, slots: Slots, slot: Slot): Promise<void> {
  const { name } = table;
  await change(database, table, slots, async (query) => {
    await query(patience, []);
    // Who inserts finds out what is filled when it has the table: nobody can be about to fill this slot.
    await query({ text: `lock table only ${name} in access exclusive mode` }, []);
    const [left] = await query({ text: `select exists (select from ${name}_${slot.number}) as rows` }, []);
    if (!left?.["rows"]) await query({ text: `drop table ${name}_${slot.number}` }, []);
  });
}
