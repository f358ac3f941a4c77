import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Database } from "./database.ts";
import { add, drain, empty, holdersOf, readSlots, remove, type Slot, type Slots, turn } from "./slots.ts";
import { mostSlots, type SlottedTable, slottedTables } from "./slotted-tables.ts";

// Dead rows that are worth a turn. Statements may have to look at each of them; each turn has statements planned anew.
const worthRows = 1_000;
// Where more of a slot lives than is dead, there is little to win, and it will be worked off. Not so with a few.
const fewRows = 2_000;
const lookMs = { busy: 100, quiet: 1_000 };
// How much of the time may go into it: while an old transaction is open, each truncation leaves dead rows in the catalog.
const timesCost = 20;
// How often the slots are looked at in which nothing should live.
const sweepMs = 1_000;
// A transaction that has had a lock for so long is an old one, which nobody waits for. A lock that was missed is tried for
// again after as long.
const oldMs = 1_000;
const longestPauseMs = 60_000;

/** `hindered`: nothing could be done, and the next look may be later. */
type Found = "quiet" | "busy" | "hindered";

/**
 * Keeps dead rows out of tables whose rows soon go again, while an old transaction is open, and vacuum may not remove them.
 * Once a slot has much that is dead the other one is filled; the few rows that are left follow, and then the slot is
 * truncated, which no transaction delays that has not read it or written to it. While one does, a slot that is made for it
 * is filled instead, and the old one left alone until the transaction has ended. Moving costs no more than what it frees.
 */
export function startRotation(database: Database, clock: Clock): Disposable {
  const stopping = new AbortController();

  async function rotateOften({ rotate }: Rotation): Promise<void> {
    for (let waitMs = lookMs.quiet; await passed(waitMs); ) {
      const startedMs = performance.now();
      const found = await rotate().catch(() => "hindered" as const);
      const costMs = performance.now() - startedMs;
      if (found === "hindered") waitMs = Math.min(longestPauseMs, 2 * Math.max(waitMs, lookMs.quiet));
      else waitMs = Math.max(lookMs[found], timesCost * costMs);
    }
  }

  async function sweepOften({ sweep }: Rotation): Promise<void> {
    for (let waitMs = sweepMs; await passed(waitMs); ) {
      const startedMs = performance.now();
      await sweep().catch(() => undefined);
      waitMs = Math.max(sweepMs, timesCost * (performance.now() - startedMs));
    }
  }

  async function passed(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    return !stopping.signal.aborted;
  }

  // Each by itself: what hinders one must not keep the others waiting.
  for (const table of slottedTables) {
    const rotation = createRotation(database, table, clock);
    void rotateOften(rotation);
    void sweepOften(rotation);
  }
  return {
    [Symbol.dispose]: () => stopping.abort(),
  };
}

export type Rotation = {
  /** Looks once at the two slots in which rows live, and does what that asks for. */
  rotate(): Promise<Found>;
  /** Moves out of the others what was committed late, and does away with those that nobody needs. */
  sweep(): Promise<void>;
};

export function createRotation(database: Database, table: SlottedTable, clock: Clock): Rotation {
  const locks = createLocks(database);

  /** By its size, not by statistics alone, which come a second late. */
  const deadRows = (slot: Slot) => slot.bytes / table.rowBytes - slot.live;

  /** `held`: an old transaction keeps it from being truncated, and all has left it that can. */
  async function clear(slots: Slots, slot: Slot): Promise<"cleared" | "not yet" | "held"> {
    if (!(await drain(database, table, slots, slot, clock.now()))) return "not yet";
    return locks.attempt(`${table.name}_${slot.number}`, () => empty(database, table, slots, slot));
  }

  return {
    async rotate() {
      const slots = await readSlots(database, table);
      const { filled, emptied, others } = slots;
      const dead = deadRows(filled);
      const found = dead > worthRows / 4 ? "busy" : "quiet";
      if (emptied.bytes === 0) {
        if (dead >= worthRows) await turn(database, table, slots, emptied.number);
        return found;
      }
      if (emptied.live > Math.max(fewRows, emptied.dead)) return "busy";
      if ((await clear(slots, emptied)) !== "held") return "busy";
      if (Math.max(dead, deadRows(emptied)) < worthRows) return found;
      const spare = others.find(({ bytes }) => bytes === 0)?.number;
      if (spare === undefined && others.length + 2 >= mostSlots) return "hindered";
      await turn(database, table, slots, spare ?? (await add(database, table, slots)));
      return "busy";
    },
    async sweep() {
      const slots = await readSlots(database, table);
      for (const slot of slots.others) if (slot.bytes > 0) await clear(slots, slot);
      const spare = slots.others.find(({ bytes }) => bytes === 0);
      if (spare) await locks.attempt(table.name, () => remove(database, table, slots, spare));
    },
  };
}

/** Who waits for a lock keeps everyone else waiting: so none is waited for that an old transaction has. */
function createLocks(database: Database) {
  const seen = new Map<string, ReadonlyMap<string, number>>();
  const missedAtMs = new Map<string, number>();

  async function isHeld(relation: string): Promise<boolean> {
    const nowMs = performance.now();
    const before = seen.get(relation);
    const holders = new Map((await holdersOf(database, relation)).map((one) => [one, before?.get(one) ?? nowMs]));
    seen.set(relation, holders);
    return [...holders.values()].some((sinceMs) => nowMs - sinceMs >= oldMs);
  }

  return {
    async attempt(relation: string, work: () => Promise<void>): Promise<"cleared" | "not yet" | "held"> {
      if (await isHeld(relation)) return "held";
      if (performance.now() - (missedAtMs.get(relation) ?? Number.NEGATIVE_INFINITY) < oldMs) return "not yet";
      try {
        await work();
        return "cleared";
      } catch {
        missedAtMs.set(relation, performance.now());
        return "not yet";
      }
    },
  };
}
