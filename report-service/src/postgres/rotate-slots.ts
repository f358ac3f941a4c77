import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Database } from "./database.ts";
import { add, drain, empty, readSlots, remove, type Slot, type Slots, turn } from "./slots.ts";
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
// What a lock was not had for is tried again after so long, and each time after twice as long.
const pauseMs = { first: 2_000, longest: 60_000 };

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

  async function run(table: SlottedTable): Promise<void> {
    const rotate = createRotation(database, table, clock);
    let waitMs = lookMs.quiet;
    for (;;) {
      await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const startedMs = performance.now();
      const found = await rotate().catch(() => "hindered" as const);
      const costMs = performance.now() - startedMs;
      if (found === "hindered") waitMs = Math.min(pauseMs.longest, 2 * Math.max(waitMs, lookMs.quiet));
      else waitMs = Math.max(lookMs[found], timesCost * costMs);
    }
  }

  // Each by itself: what hinders one must not keep the others waiting.
  for (const table of slottedTables) void run(table);
  return {
    [Symbol.dispose]: () => stopping.abort(),
  };
}

/** Each call looks once at the table, and does what that asks for. */
export function createRotation(database: Database, table: SlottedTable, clock: Clock): () => Promise<Found> {
  const locks = createLockTries();
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  /** By its size, not by statistics alone, which come a second late. */
  const deadRows = (slot: Slot) => slot.bytes / table.rowBytes - slot.live;

  /** `held`: all has left the slot that can, and it cannot be truncated now. */
  async function clear(slots: Slots, slot: Slot): Promise<"cleared" | "moving" | "held"> {
    if (!(await drain(database, table, slots, slot, clock.now()))) return "moving";
    return (await locks.attempt(slot.number, () => empty(database, table, slots, slot))) ? "cleared" : "held";
  }

  async function lookAtPair(slots: Slots): Promise<Found> {
    const { filled, emptied } = slots;
    const dead = deadRows(filled);
    const found = dead > worthRows / 4 ? "busy" : "quiet";
    if (emptied.bytes === 0) {
      if (dead >= worthRows) await turn(database, table, slots, emptied.number);
      return found;
    }
    if (emptied.live > Math.max(fewRows, emptied.dead)) return "busy";
    if ((await clear(slots, emptied)) !== "held") return "busy";
    if (Math.max(dead, deadRows(emptied)) < worthRows) return found;
    const spare = slots.others.find(({ bytes }) => bytes === 0)?.number;
    if (spare === undefined && slots.others.length + 2 >= mostSlots) return "hindered";
    await turn(database, table, slots, spare ?? (await add(database, table, slots)));
    return "busy";
  }

  /** Moves out what was committed late, and does away with slots that are needed no longer. */
  async function sweep(slots: Slots): Promise<void> {
    if (slots.others.length === 0 || performance.now() - sweptAtMs < sweepMs) return;
    for (const slot of slots.others) if (slot.bytes > 0) await clear(slots, slot);
    const spare = slots.others.find(({ bytes }) => bytes === 0);
    if (spare) await locks.attempt("table", () => remove(database, table, slots, spare));
    sweptAtMs = performance.now();
  }

  return async () => {
    const slots = await readSlots(database, table);
    const found = await lookAtPair(slots);
    await sweep(slots);
    return found;
  };
}

/** Keeps what could not be locked from being tried again at once: who waits for a lock keeps everyone else waiting. */
function createLockTries() {
  const missed = new Map<number | string, { readonly untilMs: number; readonly pauseMs: number }>();
  return {
    /** Whether `work`, which locks `what`, was tried and done. */
    async attempt(what: number | string, work: () => Promise<void>): Promise<boolean> {
      const before = missed.get(what);
      if (before && performance.now() < before.untilMs) return false;
      try {
        await work();
        missed.delete(what);
        return true;
      } catch {
        const nextMs = Math.min(pauseMs.longest, before ? 2 * before.pauseMs : pauseMs.first);
        missed.set(what, { untilMs: performance.now() + nextMs, pauseMs: nextMs });
        return false;
      }
    },
  };
}
