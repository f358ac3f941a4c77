import type { Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";

/**
 * Everything about a report is in its partition, so that one conditional batch changes it with its event. What finds
 * reports is in `hints`, in which a row may be out of date (see `hints.ts`); therefore deleted ones need no grace.
 */
const tables: Readonly<Record<string, string>> = {
  reports: `(
     tenant text, id text, sequence int, time_ms bigint, event text,
     revision int static, body text static, maker text static,
     primary key ((tenant, id), sequence))`,
  requests: `(
     tenant text, kind text, id text, body_hash text, made text, maker text, created_ms bigint, body text,
     primary key ((tenant, kind, id)))`,
  contents: `(
     tenant text, content_key text, made text, maker text, created_ms bigint, body text,
     primary key ((tenant, content_key)))`,
  uploads: `(
     tenant text, id text, completed_ms bigint, body text, primary key ((tenant, id)))`,
  hints: `(
     kind text, shard int, at_ms bigint, tenant text, id text, revision int, value text, held_until_ms bigint,
     primary key ((kind, shard), at_ms, tenant, id, revision)) with gc_grace_seconds = 600`,
  turns: `(
     cluster text primary key, owner text, until_ms bigint, state text)`,
  settings: "(name text primary key, value text)",
};

export const tableNames: readonly string[] = Object.keys(tables);

/** Makes the keyspace and its tables where they are missing. Servers that start at once may all do so. */
export async function prepareKeyspace(session: Session, settings: CassandraSettings): Promise<void> {
  const { keyspace, replication } = settings;
  const [known] = await session.rows("select keyspace_name from system_schema.keyspaces where keyspace_name = ?", [
    keyspace,
  ]);
  if (!known) {
    const copies = Object.entries(replication).map(([datacenter, count]) => `'${datacenter}': ${count}`);
    await session.rows(
      `create keyspace if not exists ${keyspace}
       with replication = {'class': 'NetworkTopologyStrategy', ${copies.join(", ")}}`,
      [],
    );
  }
  const there = await session.rows("select table_name from system_schema.tables where keyspace_name = ?", [keyspace]);
  const names = new Set(there.map((row) => String(row["table_name"])));
  for (const [name, columns] of Object.entries(tables)) {
    if (!names.has(name)) await session.rows(`create table if not exists ${keyspace}.${name} ${columns}`, []);
  }
}
