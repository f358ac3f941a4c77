import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { cancel, create, report, tenant } from "../../test/contract/place.ts";
import { connect, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import { anyReportFilter } from "../model/report-filter.ts";
import type { ReportQuery } from "../ports/report-store.ts";
import type { Database } from "./database.ts";
import { rememberingLists } from "./list-reports.ts";

const { server, emptyDatabase } = postgresPlaces();
const newest: ReportQuery = { tenant, filter: anyReportFilter, order: "newest-first", limit: 3, lookAt: 100 };

/** A place with reports a to d, and a database that counts the reports which it sends. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const url = await emptyDatabase();
  const store = opened.use(await connect(url));
  for (const [index, id] of ["a", "b", "c", "d"].entries()) await create(store.reports, report(id, index + 1));
  const database = opened.use(databaseAt(url));
  let sent = 0;
  const counting: Database = {
    ...database,
    async query(...asked) {
      const rows = await database.query(...asked);
      sent += rows.filter(({ body }) => body !== null).length;
      return rows;
    },
  };
  const clock = { ms: 0 };
  const list = rememberingLists(() => clock.ms);
  const whole = opened.move();
  return {
    ...{ store, clock, name: new URL(url).pathname.slice(1) },
    async list(query: ReportQuery = newest) {
      sent = 0;
      const { reports } = await list(counting, query);
      return { reports, shown: reports.map(({ id, status }) => `${id} ${status.kind}`), sent };
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

test("a page that is asked for again is sent only as far as it has changed", { skip: lacksPostgres }, async () => {
  await using place = await start();
  const first = await place.list();
  // The fourth tells that there is a next page.
  assert.deepEqual([first.shown, first.sent], [["d queued", "c queued", "b queued"], 4]);
  const same = await place.list();
  assert.deepEqual([same.shown, same.sent], [first.shown, 0]);
  assert.equal(same.reports[0], first.reports[0]);

  await place.store.reports.change(report("c", 0), cancel, 5);
  const changed = await place.list();
  assert.deepEqual([changed.shown, changed.sent], [["d queued", "c cancelled", "b queued"], 1]);
  await create(place.store.reports, report("e", 9));
  const moved = await place.list();
  assert.deepEqual([moved.shown, moved.sent], [["e queued", "d queued", "c cancelled"], 1]);
});

test("other pages, orders, filters and tenants are other lists", { skip: lacksPostgres }, async () => {
  await using place = await start();
  await place.list();
  assert.deepEqual((await place.list({ ...newest, order: "oldest-first" })).shown, [
    "a queued",
    "b queued",
    "c queued",
  ]);
  const after = { createdAtMs: 3, id: "c" };
  assert.deepEqual((await place.list({ ...newest, after })).shown, ["b queued", "a queued"]);
  const failed = { kind: "text", field: "state", is: "=", value: "failed" } as const;
  assert.deepEqual((await place.list({ ...newest, filter: failed })).shown, []);
  assert.deepEqual((await place.list({ ...newest, tenant: "other" as typeof tenant })).shown, []);
});

test("a report that was made again under the id of a deleted one is another one", { skip: lacksPostgres }, async () => {
  await using place = await start();
  await place.list();
  await place.store.reports.change(report("d", 4), cancel, 5);
  assert.equal(await place.store.reports.remove(report("d", 4), undefined), "removed");
  await create(place.store.reports, report("d", 8));
  const { reports, sent } = await place.list();
  assert.deepEqual([reports[0]?.createdAtMs, sent], [8, 1]);
});

test("what a standby that took over has not got is not shown for long", { skip: lacksPostgres }, async () => {
  await using place = await start();
  await place.list();
  // As after a failover that has lost a write: the same revision with something else.
  const { sql } = await server();
  sql(`update reports set body = replace(body, '"queued"', '"expired"') where id = 'd'`, place.name);
  place.clock.ms = 9_999;
  assert.equal((await place.list()).shown[0], "d queued");
  place.clock.ms = 10_000;
  const { shown, sent } = await place.list();
  assert.deepEqual([shown[0], sent], ["d expired", 4]);
});
