import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { claimant, never, report, roomy } from "../../test/contract/place.ts";
import { connect, connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { ownClock } from "../ports/clock.ts";
import { rotate } from "./rotate-slots.ts";
import { slottedTables } from "./slotted-tables.ts";

const { server, emptyDatabase } = postgresPlaces();
const shares = { everyone: { weight: 1, concurrency: 10_000 }, others: new Map() };

test("dead rows leave the queues although a forgotten transaction keeps them, and nothing is lost", {
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

  const outbox = await store.openOutbox();
  const published = new Set<string>();
  const publish = (most: number) =>
    outbox.relay(async (entries) => entries.forEach(({ id }) => void published.add(id)), most, Date.now());
  const given: string[] = [];
  const take = async (most: number) => {
    const batch = await store.results.take(most, never);
    given.push(...batch.results.map(({ key }) => key.id));
    return batch;
  };
  const claimed = new Set<string>();
  const work = async (count: number) => {
    const running = await store.queue.claim({ ...claimant, shares }, count, 10);
    for (const { id } of running) claimed.add(id);
    const results = running.map((key) => ({
      ...{ key: { tenant: key.tenant, id: key.id } },
      change: { kind: "succeed", attempt: 1, artifacts: [] } as const,
    }));
    await Promise.all(results.map((result) => store.results.put(result, never)));
    await store.reports.changeAll(results, 20);
  };

  const all = Array.from({ length: 3_000 }, (_, index) => ({ report: report(`r${index}`, index) }));
  for (let from = 0; from < all.length; from += 500) await store.reports.create(all.slice(from, from + 500), roomy);
  for (let round = 0; round < 5; round += 1) {
    await work(500);
    await (await take(500)).done();
    await publish(500);
  }
  await work(400);
  const held = await take(300);

  // 100 jobs, 400 results of which a writer has 300, and 500 entries are left.
  const { sql } = await server();
  const place = new URL(url).pathname.slice(1);
  const size = (name: string) =>
    Number(sql(`select pg_relation_size('${name}_0') + pg_relation_size('${name}_1')`, place));
  const shrink = async (name: string, bytes: number) => {
    const table = slottedTables.find((one) => one.name === name);
    assert.ok(table);
    const deadline = Date.now() + 60_000;
    for (; size(name) > bytes && Date.now() < deadline; await turn()) await rotate(database, table, ownClock);
    assert.ok(size(name) <= bytes, `${name} has ${size(name)} bytes`);
  };
  await shrink("jobs", 60_000);
  await shrink("outbox", 150_000);
  // What a writer has stays where it is.
  await held.done();
  await shrink("results", 150_000);

  await (await take(500)).done();
  await work(500);
  await (await take(500)).done();
  while ((await publish(500)) > 0);
  assert.equal(claimed.size, 3_000);
  assert.deepEqual([given.length, new Set(given).size], [3_000, 3_000]);
  assert.equal(published.size, 3_000);
  await forgotten.client.query("rollback");
});
