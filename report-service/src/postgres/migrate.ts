import type pg from "pg";
import type { Migration } from "./schema.ts";

// Any number that nobody else takes: "weir" in ASCII.
const lock = 0x77656972;

/**
 * Brings the database up to date; servers that start together wait for each other. Refuses a database that has been
 * contracted by a newer version: one that was only extended is fine.
 */
export async function migrate(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [lock]);
    await client.query("create table if not exists weir_schema (version int not null, usable_from int not null)");
    const { rows } = await client.query("select version, usable_from from weir_schema");
    const version = Number(rows[0]?.version ?? 0);
    const usableFrom = Number(rows[0]?.usable_from ?? 0);
    if (usableFrom > migrations.length) {
      throw new Error(
        `the database was changed by a newer version of this program (its schema ${version} is usable from version ` +
          `${usableFrom} on, this is ${migrations.length}): run the newer version`,
      );
    }
    const missing = migrations.slice(version);
    for (const { sql } of missing) await client.query(sql);
    const last = missing.at(-1);
    if (last) {
      await client.query("delete from weir_schema");
      await client.query("insert into weir_schema values ($1, $2)", [migrations.length, last.usableFrom]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
