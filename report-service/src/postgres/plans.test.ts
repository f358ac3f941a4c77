import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { cancel, claimant, report, roomy, tenant } from "../../test/contract/place.ts";
import { connect, connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import type { TenantId } from "../model/names.ts";
import { readSucceeded } from "./report-rows.ts";
import { readLanes } from "./waiting-lanes.ts";

const { server, emptyDatabase } = postgresPlaces();
const many = 200;
const oneConnection = { pool: { max: 1, maxIdle: 1, lifetimeMs: 60_000 } };

/** An empty database, and what asks Postgres for a number that it has counted there; a connection tells its own when it ends. */
async function countedDatabase() {
  const url = await emptyDatabase();
  const { sql } = await server();
  const name = new URL(url).pathname.slice(1);
  return { url, count: (text: string) => Number(sql(text, name)) };
}

test("what one report costs does not grow with its tenant, by plans from when there was nothing", {
  skip: lacksPostgres,
}, async () => {
  const { url, count } = await countedDatabase();
  {
    await using store = await connect(url, oneConnection);
    const shares = { everyone: { weight: 1, concurrency: many }, others: new Map() };
    const make = (index: number) => ({
      report: report(`r${index}`, index, { contentKey: `c${index}` }),
      request: { id: `q${index}`, bodyHash: "h" },
      reuseSinceMs: 0,
    });
    for (let index = 0; index < many; index += 2) {
      await store.reports.create([make(index), make(index + 1)], roomy);
      assert.ok(await store.reports.read(report(`r${index}`, 0)));
      const [running] = await store.queue.claim({ ...claimant, shares, leaseMs: 1_000_000 }, 1, 10);
      assert.ok(running);
      await store.reports.change(running, { kind: "renew", attempt: 1, leaseMs: 1_000_000 }, 20);
      await store.reports.change(running, { kind: "succeed", attempt: 1, artifacts: [] }, 30);
    }
  }
  const read = count("select sum(idx_tup_read) from pg_stat_user_indexes where relname ~ '^(reports|requests)_'");
  assert.ok(read > 0 && read < 15 * many, `${read} entries of indexes were read for ${many} reports`);
});

test("what expiring and forgetting one report cost does not grow with those before it, also beside a forgotten transaction", {
  skip: lacksPostgres,
}, async () => {
  const { url, count } = await countedDatabase();
  {
    await using store = await connect(url, oneConnection);
    const reports = Array.from({ length: many }, (_, index) => report(`r${index}`, index, { retentionMs: 1 }));
    await store.reports.create(
      reports.map((one) => ({ report: one })),
      roomy,
    );
    for (const [index, one] of reports.entries()) await store.reports.change(one, cancel, many + index);
    const forgotten = await connectAlone(url);
    await forgotten.query("begin isolation level repeatable read");
    await forgotten.query("select txid_current()");
    for (const chore of ["expired", "forgotten"] as const) {
      let cleared = 0;
      for (let found = -1; found !== 0; cleared += found)
        found = (await store.cleanUp.clear(chore, 2 * many, 5)).length;
      assert.equal(cleared, many, chore);
    }
    await forgotten.end();
  }
  const read = count(
    "select sum(idx_tup_read) from pg_stat_user_indexes where indexrelname ~ '_(expiring|expired)_ms_'",
  );
  // Each once, and the last one of each batch once more.
  assert.ok(read >= 2 * many && read < 3 * many, `${read} entries of indexes were read for ${many} reports`);
});

test("a list whose filter matches nothing reads as many reports as it may look at, of a tenant with many more", {
  skip: lacksPostgres,
}, async () => {
  const url = await emptyDatabase();
  const { sql } = await server();
  const name = new URL(url).pathname.slice(1);
  {
    await using store = await connect(url);
    const reports = Array.from({ length: 5_000 }, (_, index) => ({ report: report(`r${index}`, index) }));
    await store.reports.create(reports, roomy);
  }
  sql("analyze reports", name);
  const read = () =>
    Number(sql("select sum(seq_tup_read + idx_tup_fetch) from pg_stat_user_tables where relname ~ '^reports_'", name));
  const before = read();
  {
    await using store = await connect(url);
    const filter = { kind: "text", field: "state", is: "=", value: "failed" } as const;
    const page = await store.reports.list({ tenant, filter, order: "newest-first", limit: 50, lookAt: 500 });
    assert.deepEqual([page.reports, page.next?.createdAtMs], [[], 4_500]);
  }
  const rows = read() - before;
  assert.ok(rows >= 500 && rows < 600, `${rows} rows were read for a page that may look at 500`);
});

test("looking for the tenants that wait costs by their number, and not by how much of theirs waits", {
  skip: lacksPostgres,
}, async () => {
  const { url, count } = await countedDatabase();
  const tenants = 50;
  {
    await using store = await connect(url);
    const reports = Array.from({ length: 100 * tenants }, (_, index) => ({
      report: { ...report(`r${index}`, index), tenant: `t${index % tenants}` as TenantId },
    }));
    await store.reports.create(reports, { queue: 100 * tenants, tenant: 100 });
  }
  const blocks = () =>
    count(
      "select sum(idx_blks_hit + idx_blks_read) from pg_statio_user_indexes where indexrelname ~ '^jobs_.*priority'",
    );
  const before = blocks();
  {
    await using database = databaseAt(url, { max: 1 });
    assert.equal((await readLanes(database, "sql")).length, tenants);
  }
  const read = blocks() - before;
  // From the root of each slot's index to the leaf, where most of the tenants of one have another one's beside them.
  assert.ok(read >= tenants && read < 10 * tenants, `${read} blocks of indexes were read for ${tenants} tenants`);
});

test("looking for a few reports by when they expire reads a few, also where none of those has succeeded", {
  skip: lacksPostgres,
}, async () => {
  const { url, count } = await countedDatabase();
  const { sql } = await server();
  {
    await using store = await connect(url);
    const reports = Array.from({ length: 3_000 }, (_, index) => report(`r${index}`, index, { retentionMs: 1_000 }));
    await store.reports.create(
      reports.map((one) => ({ report: one })),
      roomy,
    );
    await store.reports.changeAll(
      reports.map((key) => ({ key, change: cancel })),
      5_000,
    );
  }
  sql("analyze reports", new URL(url).pathname.slice(1));
  const rows = () =>
    count("select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables where relname ~ '^reports_'");
  const before = rows();
  {
    await using database = databaseAt(url, { max: 1 });
    assert.deepEqual(await readSucceeded(database, 6_000, 2), []);
  }
  const read = rows() - before;
  assert.ok(read >= 20 && read < 100, `${read} rows were read to look at 20`);
});
