import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { claimant, report, roomy } from "../../test/contract/place.ts";
import { connect, connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { rotate } from "./rotate-queue.ts";

const { server, emptyDatabase } = postgresPlaces();

test("dead rows leave the queue although a forgotten transaction keeps them, and no job is lost", {
  skip: lacksPostgres,
}, async () => {
  const url = await emptyDatabase();
  await using store = await connect(url);
  await using database = databaseAt(url);
  await using forgotten = await connectAlone(url).then((client) => ({
    client,
    [Symbol.asyncDispose]: () => client.end(),
  }));
  await forgotten.client.query("set idle_in_transaction_session_timeout = 0");
  await forgotten.client.query("begin isolation level repeatable read; select txid_current()");

  const all = Array.from({ length: 3_000 }, (_, index) => ({ report: report(`r${index}`, index) }));
  for (let from = 0; from < all.length; from += 500) await store.reports.create(all.slice(from, from + 500), roomy);
  const settle = async (count: number) => {
    const shares = { everyone: { weight: 1, concurrency: 10_000 }, others: new Map() };
    const claimed = await store.queue.claim({ ...claimant, shares }, count, 10);
    const changes = claimed.map((key) => ({ key, change: { kind: "succeed", attempt: 1, artifacts: [] } as const }));
    await store.reports.changeAll(changes, 20);
    return claimed.map(({ id }) => String(id));
  };
  const claimed = new Set<string>();
  for (let round = 0; round < 5; round += 1) for (const id of await settle(500)) claimed.add(id);
  // Statistics of what a connection did come with a later transaction of it: so this asks until they do.
  const { sql } = await server();
  const size = () => Number(sql("select pg_relation_size('jobs_0')", new URL(url).pathname.slice(1)));
  const before = size();
  const deadline = Date.now() + 60_000;
  while (size() === before && Date.now() < deadline) {
    await rotate(database);
    await store.queue.length();
  }
  assert.ok(size() < before / 4, `jobs_0 had ${before} bytes and has ${size()}`);
  assert.equal((await store.queue.length()).queued, 500);
  for (const id of await settle(500)) claimed.add(id);
  assert.equal(claimed.size, 3_000);
  await forgotten.client.query("rollback");
});
