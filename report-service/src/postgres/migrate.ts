import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { isDeadlock, sqlState } from "./failure.ts";
import type { Migration } from "./schema.ts";

// Any number that nobody else takes: "weir" in ASCII.
const lock = 0x77656972;
// A step, or the wait for another server's, may take longer than any statement of a server that serves.
const longestMs = 600_000;
// Whoever comes after a step that waits for a table waits behind it: so it waits for a moment only, and then again.
const lockMs = 1_000;
const pauseMs = 1_000;
const tries = 60;

/**
 * Brings the database up to date; servers that start together wait for each other. Refuses a database that has been
 * contracted by a newer version: one that was only extended is fine.
 */
export async function migrate(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  for (let triesLeft = tries; ; ) {
    try {
      const applied = await applyNext(client, migrations);
      if (!applied) return;
      triesLeft = tries;
    } catch (error) {
      triesLeft -= 1;
      if (triesLeft === 0 || !isHindered((error as Error).cause)) throw error;
      await delay(pauseMs);
    }
  }
}

/** One step in a transaction of its own, in which its locks end, too; false where none is missing. */
async function applyNext(client: pg.Client, migrations: readonly Migration[]): Promise<boolean> {
  const query = (text: string, values: readonly unknown[] = []) => {
    const patient = { text, values: [...values], query_timeout: longestMs + 1_000 };
    return client.query(patient);
  };
  await query("begin");
  try {
    await query(`set local statement_timeout = ${longestMs}`);
    await query("select pg_advisory_xact_lock($1)", [lock]);
    await query("create table if not exists weir_schema (version int not null, usable_from int not null)");
    const { rows } = await query("select version, usable_from from weir_schema");
    const version = Number(rows[0]?.version ?? 0);
    const usableFrom = Number(rows[0]?.usable_from ?? 0);
    if (usableFrom > migrations.length) {
      throw new Error(
        `the database was changed by a newer version of this program (its schema ${version} is usable from version ` +
          `${usableFrom} on, this is ${migrations.length}): run the newer version`,
      );
    }
    const step = migrations[version];
    if (step) {
      await query(`set local lock_timeout = ${lockMs}`);
      await query(step.sql).catch((cause: Error) => {
        const says = `step ${version + 1} of the schema cannot be done, and nothing of it was: ${cause.message}`;
        throw new Error(says, { cause });
      });
      await query("delete from weir_schema");
      await query("insert into weir_schema values ($1, $2)", [version + 1, step.usableFrom]);
    }
    await query("commit");
    return step !== undefined;
  } catch (error) {
    await query("rollback").catch(() => undefined);
    throw error;
  }
}

/** Whether somebody else had what the step needs. */
function isHindered(error: unknown): boolean {
  return sqlState(error) === "55P03" || isDeadlock(error);
}
