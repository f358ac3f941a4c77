import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { cancel, claimant, create, report } from "../../test/contract/place.ts";
import { connect, connectAlone, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { migrate } from "./migrate.ts";
import { type Migration, migrations } from "./schema.ts";

const skip = lacksPostgres;
const { server, emptyDatabase } = postgresPlaces();
const usableFrom = 1;
const extend: Migration = {
  sql: "alter table reports add column of_tomorrow text default 'x'; create table steps (step text)",
  usableFrom,
};
const note = (step: string): Migration => ({ sql: `insert into steps values ('${step}')`, usableFrom });

let older = 0;

/** A database as a server has left it that knew no more than so many steps. */
async function openOlder(steps: number) {
  const { sql, url: urlOf } = await server();
  const name = `older${older++}`;
  sql(`create database ${name}`);
  const url = urlOf(name);
  const client = await connectAlone(url);
  await migrate(client, migrations.slice(0, steps));
  await client.end();
  return { url, sql: (text: string) => sql(text, name) };
}

/** A database of this version, with what tests of later ones ask. */
async function openDatabase() {
  const url = await emptyDatabase();
  const { sql } = await server();
  const name = new URL(url).pathname.slice(1);
  return {
    url,
    sql: (text: string) => sql(text, name),
    /** How many wait for a lock in this database, in what begins like that. */
    waiting: (start: string) =>
      Number(
        sql(`select count(*) from pg_stat_activity
             where datname = '${name}' and wait_event_type = 'Lock' and query like '${start}%'`),
      ),
    /** What a server of a version with more steps does at its start. */
    async migrateTo(...more: readonly Migration[]) {
      // Steps take longer than what a server gives a statement.
      const client = await connectAlone(url, { statementMs: 300 });
      try {
        await migrate(client, [...migrations, ...more]);
      } finally {
        await client.end();
      }
    },
  };
}

test("servers that start together make one schema", { skip }, async () => {
  const { sql, url } = await server();
  sql("create database untouched");
  await using opened = new AsyncDisposableStack();
  const servers = await Promise.all([1, 2, 3, 4].map(() => connect(url("untouched"))));
  for (const each of servers) opened.use(each);
  const [one, two] = servers;
  assert.ok(one && two);
  await create(one.reports, report("a", 1));
  assert.equal((await two.reports.read(report("a", 1)))?.id, "a");
});

test("what expired before there was a step for it is still forgotten in time", { skip }, async () => {
  const { url, sql } = await openOlder(1);
  const row = (id: string, state: string) =>
    sql(`insert into reports (tenant, id, created_ms, kind, cluster, priority, state, labels, sequence, revision, expires_ms, body)
         values ('acme', '${id}', 1, 'k', 'sql', 'normal', '${state}', '{}', 1, 1, 5, '')`);
  row("expired-before", "expired");
  row("to-expire", "cancelled");
  await using store = await connect(url);
  const due = async (chore: "expired" | "forgotten") => {
    const cleared = await store.cleanUp.due(chore, 10, 10);
    return cleared.map((one) => (one.kind === "report" ? one.key.id : one.kind));
  };
  assert.deepEqual([await due("expired"), await due("forgotten")], [["to-expire"], ["expired-before"]]);
});

test("what was filled before there could be many slots is filled afterwards", { skip }, async () => {
  for (const turns of [0, 1]) {
    const { url, sql } = await openOlder(2);
    if (turns === 1) sql("select nextval('jobs_turns')");
    const before = sql("select slot from jobs_slot");
    await using _store = await connect(url);
    assert.equal(sql("select slot from jobs_slot"), before);
    assert.equal(sql("select slot + other from jobs_slot"), "1");
  }
});

test("steps are done once and in order by servers that start together, however long one takes", { skip }, async () => {
  const { sql, migrateTo } = await openDatabase();
  const slow = { sql: "insert into steps values ('slow'); select pg_sleep(1)", usableFrom };
  await Promise.all([1, 2, 3, 4].map(() => migrateTo(extend, slow, note("last"))));
  assert.equal(sql("select string_agg(step, ' ') from steps"), "slow last");
  assert.equal(sql("select version from weir_schema"), String(migrations.length + 3));
});

test("a step that fails says which it is and leaves nothing; those before it stay", { skip }, async () => {
  const { sql, migrateTo } = await openDatabase();
  const failing = { sql: "create table half (); insert into steps values ('half'); select 1 / 0", usableFrom };
  const step = new RegExp(`^step ${migrations.length + 2} of the schema .* division by zero`);
  await assert.rejects(migrateTo(extend, failing, note("after")), { message: step });
  assert.equal(sql("select count(*) from steps"), "0");
  assert.equal(sql("select to_regclass('half')"), "");
  assert.equal(sql("select version from weir_schema"), String(migrations.length + 1));
  await migrateTo(extend, note("mended"));
  assert.equal(sql("select step from steps"), "mended");
});

test("a server starts over a schema that was extended, and not over one that was contracted", { skip }, async () => {
  const { url, sql, migrateTo } = await openDatabase();
  await migrateTo(extend);
  await using older = await connect(url);
  assert.equal((await create(older.reports, report("a", 1))).kind, "created");
  assert.equal(sql("select version from weir_schema"), String(migrations.length + 1));

  await migrateTo(extend, { sql: "alter table reports drop column of_tomorrow", usableFrom: migrations.length + 1 });
  await assert.rejects(connect(url), /changed by a newer version/);
});

test("an older server goes on while a step waits for its turn, and after it", { skip }, async () => {
  const { url, waiting, migrateTo } = await openDatabase();
  await using older = await connect(url);
  const reader = await connectAlone(url);
  await reader.query("begin");
  await reader.query("select from reports");

  const stop = new AbortController();
  let made = 0;
  const serving = (async () => {
    for (; !stop.signal.aborted; made += 1) {
      const key = report(`r${made}`, made);
      await create(older.reports, key);
      assert.equal((await older.queue.claim(claimant, 1, made)).length, 1);
      assert.equal((await older.reports.change(key, cancel, made))?.kind, "changed");
      assert.equal((await older.reports.read(key))?.status.kind, "cancelled");
    }
  })();
  try {
    const migrating = migrateTo(extend);
    // While it waits, whoever needs the table waits behind it.
    await until(() => waiting("alter table") === 1, { within: 30_000, what: "the step waits for the reader" });
    await until(() => waiting("alter table") === 0, { within: 30_000, what: "it gives way" });
    const before = made;
    await until(() => made > before + 5, { within: 30_000, what: "the older server goes on" });
    await reader.query("commit");
    await migrating;
    const then = made;
    await until(() => made > then + 20, { within: 30_000, what: "it goes on with what it has prepared" });
  } finally {
    stop.abort();
    await serving;
    await reader.end();
  }
});
