import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { create, report } from "../../test/contract/place.ts";
import { connect, postgresPlaces } from "../../test/contract/postgres-place.ts";

const skip = lacksPostgres;
const places = postgresPlaces();

test("a role that has lost its permission to write is found out, while it still reads", { skip }, async () => {
  const url = await places.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  const { sql } = await places.server();
  sql("create role clerk login", database);
  sql("grant all on schema public to clerk; grant all on all tables in schema public to clerk", database);
  sql("grant all on all sequences in schema public to clerk", database);
  await using store = await connect(url.replace("//weir@", "//clerk@"));
  await create(store.reports, report("a", 1));
  await store.tryWrite();

  sql("revoke insert, update on all tables in schema public from clerk", database);
  await assert.rejects(store.tryWrite());
  assert.equal((await store.reports.read(report("a", 1)))?.id, "a");
  assert.equal((await store.queue.length()).queued, 1);

  sql("grant insert, update on all tables in schema public to clerk", database);
  await store.tryWrite();
});

test("a database that was made read-only is found out, and found well again", { skip }, async () => {
  const url = await places.emptyDatabase();
  const { sql } = await places.server();
  await using store = await connect(url);
  await store.tryWrite();
  sql("alter system set default_transaction_read_only = on");
  sql("select pg_reload_conf()");
  try {
    const isFound = () =>
      store.tryWrite().then(
        () => false,
        () => true,
      );
    await until(isFound, { within: 30_000, what: "it is found out" });
  } finally {
    sql("alter system reset default_transaction_read_only");
    sql("select pg_reload_conf()");
  }
  await until(() => store.tryWrite().then(() => true), { within: 30_000, what: "it takes writes again" });
});
