import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { claimant, never, report, roomy } from "../../test/contract/place.ts";
import { connect, connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { ownClock } from "../ports/clock.ts";
import type { Waiting } from "../ports/outbox.ts";
import { createRotation } from "./rotate-slots.ts";
import { slottedTables } from "./slotted-tables.ts";

const { server, emptyDatabase } = postgresPlaces();
const queues = ["jobs", "results", "outbox"] as const;
type Queue = (typeof queues)[number];
/** What the transaction has done before it was forgotten. */
const deeds = {
  "has written elsewhere": ["select txid_current()"],
  "has read them": queues.map((name) => `select count(*) from ${name}`),
  "has written to them": [
    `insert into jobs (slot, cluster, priority, tenant, created_ms, id, kind)
     select slot, 'elsewhere', 'bulk', 'late', 1, 'late', 'none' from jobs_slot`,
    `insert into results (slot, put_ms, taken_until_ms, body)
     select slot, 1, 1, '{"key":{"tenant":"late","id":"late"}}' from results_slot`,
    `insert into outbox (slot, tenant, report, cluster, priority)
     select slot, 'late', 'late', 'elsewhere', 'bulk' from outbox_slot`,
  ],
} as const;
const shares = { everyone: { weight: 1, concurrency: 100_000 }, others: new Map() };

for (const [deed, statements] of Object.entries(deeds)) {
  test(`dead rows leave the queues while a forgotten transaction that ${deed} keeps them, and nothing is lost`, {
    skip: lacksPostgres,
  }, async () => {
    const url = await emptyDatabase();
    await using store = await connect(url);
    const place = await openSlots(url);
    await using _place = place;
    const forgotten = await connectAlone(url);
    await using _forgotten = { [Symbol.asyncDispose]: () => forgotten.end() };
    await forgotten.query("set idle_in_transaction_session_timeout = 0");
    await forgotten.query("begin isolation level repeatable read");
    for (const statement of statements) await forgotten.query(statement);

    const outbox = await store.openOutbox();
    const published = new Set<string>();
    const publishTo = async (entries: readonly Waiting[]) => {
      for (const { id } of entries) published.add(id);
      return undefined;
    };
    const publish = (most: number) => outbox.relay(publishTo, most, Date.now());
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
    await place.shrink("jobs", 60_000);
    await place.shrink("outbox", 150_000);
    // What a writer has stays where it is.
    await held.done();
    await place.shrink("results", 150_000);

    await (await take(500)).done();
    await work(500);
    await (await take(500)).done();
    while ((await publish(500)) > 0);
    assert.equal(claimed.size, 3_000);
    assert.deepEqual([given.length, new Set(given).size], [3_000, 3_000]);
    assert.equal(published.size, 3_000);

    await forgotten.query("commit");
    // What it has written is there for all to see now, and then its slots go.
    for (const name of queues) {
      await until(() => place.rotate(name).then(() => place.slots(name).length === 2), {
        within: 60_000,
        what: `${name} has two slots again`,
      });
      const late = statements.some((statement) => statement.startsWith(`insert into ${name}`)) ? 1 : 0;
      assert.equal(place.live(name), late, `what is left in ${name}`);
    }
  });
}

test("servers that rotate the same slots at once, and drop some, lose nothing of what is queued meanwhile", {
  skip: lacksPostgres,
}, async () => {
  const url = await emptyDatabase();
  await using store = await connect(url);
  await using one = await openSlots(url);
  await using two = await openSlots(url);
  const claimed = new Set<string>();
  let made = 0;
  const claim = async (most: number) => {
    const running = await store.queue.claim({ ...claimant, shares }, most, 10);
    for (const { id } of running) claimed.add(id);
    const succeed = { kind: "succeed", attempt: 1, artifacts: [] } as const;
    await store.reports.changeAll(
      running.map((key) => ({ key, change: succeed })),
      20,
    );
  };
  const churn = async () => {
    const some = Array.from({ length: 100 }, () => ({ report: report(`r${made}`, made++) }));
    await store.reports.create(some, roomy);
    await claim(80);
  };
  const churnUntil = (what: string, isSo: (slots: number) => boolean) =>
    until(
      async () => {
        await Promise.all([one.rotate("jobs"), two.rotate("jobs"), churn()]);
        return isSo(one.slots("jobs").length);
      },
      { within: 60_000, what },
    );
  for (let round = 0; round < 3; round += 1) {
    const forgotten = await connectAlone(url);
    await forgotten.query("set idle_in_transaction_session_timeout = 0");
    await forgotten.query("begin isolation level repeatable read");
    await forgotten.query("select count(*) from jobs");
    await churnUntil("more slots than two", (slots) => slots > 2);
    await forgotten.query("rollback");
    await forgotten.end();
    await churnUntil("two slots again", (slots) => slots === 2);
  }
  const all = async () => {
    await claim(500);
    return claimed.size === made;
  };
  await until(all, { within: 30_000, what: "all that was queued is claimed" });
});

/** Looks at the slots of a database's queues, and rotates them by hand. */
async function openSlots(url: string) {
  const { sql } = await server();
  const name = new URL(url).pathname.slice(1);
  const database = databaseAt(url);
  const rotations = new Map(slottedTables.map((table) => [table.name, createRotation(database, table, ownClock)]));
  const rotate = async (queue: Queue) => {
    await rotations.get(queue)?.rotate();
    await rotations.get(queue)?.sweep();
  };
  const bytes = (queue: Queue) =>
    Number(
      sql(
        `select sum(pg_relation_size(('${queue}_' || n)::regclass))
         from (select unnest(array[slot, other]) as n from ${queue}_slot) as live`,
        name,
      ),
    );
  return {
    rotate,
    slots: (queue: Queue) =>
      sql(`select inhrelid::regclass from pg_inherits where inhparent = '${queue}'::regclass`, name).split("\n"),
    /** The rows where statements look for them. */
    live: (queue: Queue) =>
      Number(sql(`select count(*) from ${queue} q, ${queue}_slot s where q.slot in (s.slot, s.other)`, name)),
    /** Rotates until the slots that live have at most so many bytes. */
    async shrink(queue: Queue, most: number) {
      const isSmall = () => rotate(queue).then(() => bytes(queue) <= most);
      // Where a vacuum came in between, statistics count some rows twice until the next one, a minute later.
      await until(isSmall, { within: 150_000, what: `${queue} in ${most} bytes` });
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
