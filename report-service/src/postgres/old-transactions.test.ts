import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { lookForOldTransactions } from "./old-transactions.ts";

const { server, emptyDatabase } = postgresPlaces();
const skip = lacksPostgres;

test("the oldest transaction is told of, and what it holds back, until it ends", { skip }, async () => {
  const url = await emptyDatabase();
  await using database = databaseAt(url, { max: 1 });
  const look = lookForOldTransactions(database);
  assert.ok(Number((await look())?.oldestMs) < 1_000);
  const forgotten = await connectAlone(url);
  await forgotten.query("begin isolation level repeatable read");
  await forgotten.query("select count(*) from jobs");
  for (let index = 0; index < 20; index += 1) await database.query({ text: "select txid_current()" }, []);
  await until(async () => Number((await look())?.oldestMs) > 200, { within: 30_000, what: "the transaction is old" });
  assert.ok(Number((await look())?.transactions) >= 20);
  await forgotten.query("rollback");
  assert.ok(Number((await look())?.oldestMs) < 200);
  assert.ok(Number((await look())?.transactions) < 20);
  await forgotten.end();
});

test("who may not see others' transactions does not say that there are none", { skip }, async () => {
  const url = await emptyDatabase();
  const { sql } = await server();
  const name = new URL(url).pathname.slice(1);
  sql("create role reader login", name);
  const other = await connectAlone(url);
  await using database = databaseAt(url.replace("weir@", "reader@"), { max: 1 });
  assert.equal(await lookForOldTransactions(database)(), undefined);
  sql("grant pg_read_all_stats to reader", name);
  assert.ok(await lookForOldTransactions(database)());
  await other.end();
});
