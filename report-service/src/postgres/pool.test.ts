import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { defaultSettings } from "./settings.ts";

const { emptyDatabase } = postgresPlaces();

async function openDatabase() {
  const url = await emptyDatabase();
  let opened = 0;
  const onOpen = () => {
    opened += 1;
  };
  const database = databaseAt(url, { patienceMs: 20_000, onOpen });
  return {
    opened: () => opened,
    /** So many statements at once, each of which takes so long. */
    all: (count: number, seconds: number) =>
      Promise.all(
        Array.from({ length: count }, () => database.query({ text: "select pg_sleep($1)" }, [String(seconds)])),
      ),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

test("a burst of short statements goes through few connections", { skip: lacksPostgres }, async () => {
  await using database = await openDatabase();
  await database.all(8, 0);
  const before = database.opened();
  const startedMs = performance.now();
  await database.all(400, 0);
  const tookMs = performance.now() - startedMs;
  assert.ok(before <= 8, `${before} were opened for 8 statements`);
  // One more each time that the machine has kept them all waiting for so long.
  const most = 8 + Math.floor(tookMs / 25);
  assert.ok(database.opened() <= most, `${database.opened()} were opened for 400 short statements in ${tookMs} ms`);
});

test("statements that take long get all the connections that a server may have", { skip: lacksPostgres }, async () => {
  await using database = await openDatabase();
  const { max } = defaultSettings.pool;
  await database.all(max + 1, 4);
  assert.equal(database.opened(), max);
});
