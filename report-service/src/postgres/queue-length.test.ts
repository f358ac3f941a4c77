import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { claimant, report, roomy } from "../../test/contract/place.ts";
import { connect, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import type { Database } from "./database.ts";
import { createQueueLength } from "./queue-length.ts";

const { emptyDatabase } = postgresPlaces();

test("a long queue is counted again a hundred times as late as its count took, a short one each time", {
  skip: lacksPostgres,
}, async () => {
  const url = await emptyDatabase();
  await using store = await connect(url);
  await using database = databaseAt(url);
  const clock = { ms: 0 };
  let counts = 0;
  const counting: Database = {
    ...database,
    async query(statement, values, signal) {
      const rows = await database.query(statement, values, signal);
      // Each count of all of them takes ten milliseconds.
      if (statement.name === "waiting-up-to" && values[1] === null) [counts, clock.ms] = [counts + 1, clock.ms + 10];
      return rows;
    },
  };
  const length = createQueueLength(counting, { exactUpTo: 20, nowMs: () => clock.ms });
  let made = 0;
  const add = async (many: number) => {
    const from = made + 1;
    made += many;
    const reports = Array.from({ length: many }, (_, index) => ({ report: report(`r${from + index}`, from + index) }));
    await store.reports.create(reports, roomy);
  };

  await add(19);
  assert.deepEqual(await length("sql"), { queued: 19, oldestQueuedAtMs: 1 });
  await add(1);
  assert.deepEqual([await length("sql"), counts], [{ queued: 20, oldestQueuedAtMs: 1 }, 0]);

  await add(10);
  const [one, all] = await Promise.all([length("sql"), length()]);
  assert.deepEqual([one, all, counts], [{ queued: 30, oldestQueuedAtMs: 1 }, one, 1]);
  await add(5);
  clock.ms = 10 + 999;
  assert.deepEqual([(await length("sql")).queued, counts], [30, 1]);
  clock.ms = 10 + 1_000;
  assert.deepEqual([(await length("sql")).queued, counts], [35, 2]);

  assert.equal((await store.queue.claim(claimant, 20, 100)).length, 20);
  assert.deepEqual([await length("sql"), counts], [{ queued: 15, oldestQueuedAtMs: 21 }, 2]);
});

test("a count that failed is tried again by who asks next", { skip: lacksPostgres }, async () => {
  const url = await emptyDatabase();
  await using store = await connect(url);
  await using database = databaseAt(url);
  await store.reports.create([{ report: report("a", 1) }, { report: report("b", 2) }], roomy);
  let fails = true;
  const failing: Database = {
    ...database,
    async query(statement, values, signal) {
      if (fails && values[1] === null) throw new Error("the store is away");
      return database.query(statement, values, signal);
    },
  };
  const length = createQueueLength(failing, { exactUpTo: 1, nowMs: () => 0 });
  await assert.rejects(length("sql"), /the store is away/);
  fails = false;
  assert.equal((await length("sql")).queued, 2);
});
