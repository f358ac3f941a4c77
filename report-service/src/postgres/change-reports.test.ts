import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { cancel, create, report } from "../../test/contract/place.ts";
import { connect, connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";
import type { ReportChange } from "../model/change-report.ts";
import { createChangeFeed } from "./change-feed.ts";
import { createChangeReports } from "./change-reports.ts";

const { emptyDatabase } = postgresPlaces();
const claim: ReportChange = { kind: "claim", worker: "w", datacenter: "dc-a", leaseMs: 60_000 };
const succeed: ReportChange = { kind: "succeed", attempt: 1, artifacts: [] };

/** Another server's store, and one that tells what it asks of the database. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const url = await emptyDatabase();
  const { reports } = opened.use(await connect(url));
  const database = opened.use(databaseAt(url));
  const feed = opened.use(createChangeFeed(database, () => connectAlone(url)));
  const asked: string[] = [];
  const telling: typeof database = {
    ...database,
    query(statement, ...rest) {
      asked.push(statement.name ?? "");
      return database.query(statement, ...rest);
    },
  };
  const changeReports = createChangeReports(telling, feed);
  const whole = opened.move();
  return {
    elsewhere: reports,
    /** What came of a change, and how often that read the report. */
    async change(id: string, change: ReportChange) {
      asked.length = 0;
      const [changed] = await changeReports([{ key: report(id, 0), change }], 10);
      return [changed?.kind, asked.filter((name) => name === "read").length];
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

test("who has claimed a report writes its result without reading it", { skip: lacksPostgres }, async () => {
  await using server = await start();
  await create(server.elsewhere, report("a", 1));
  assert.deepEqual(await server.change("a", claim), ["changed", 1]);
  assert.deepEqual(await server.change("a", { kind: "renew", attempt: 1, leaseMs: 60_000 }), ["changed", 0]);
  assert.deepEqual(await server.change("a", succeed), ["changed", 0]);
  assert.equal((await server.elsewhere.read(report("a", 1)))?.status.kind, "succeeded");
  assert.deepEqual(await server.change("a", succeed), ["refused", 1]);
});

test("a report that was changed elsewhere is read before anything is said of it", { skip: lacksPostgres }, async () => {
  await using server = await start();
  await create(server.elsewhere, report("a", 1));
  await create(server.elsewhere, report("b", 1));
  await server.change("a", claim);
  await server.change("b", claim);
  await server.elsewhere.change(report("a", 1), cancel, 10);
  assert.deepEqual(await server.change("a", succeed), ["refused", 1]);
  await server.elsewhere.change(report("b", 1), { kind: "hand-back", attempt: 1 }, 10);
  assert.deepEqual(await server.change("b", claim), ["changed", 1]);
});

test("a report that was made again under the id of a deleted one is not taken for it", {
  skip: lacksPostgres,
}, async () => {
  await using server = await start();
  const { elsewhere } = server;
  await create(elsewhere, report("a", 1, { parameters: { made: "first" } }));
  await server.change("a", claim);
  await elsewhere.change(report("a", 1), cancel, 10);
  await elsewhere.remove(report("a", 1), undefined);
  await create(elsewhere, report("a", 2, { parameters: { made: "again" } }));
  await elsewhere.change(report("a", 2), { ...claim, worker: "other" }, 10);
  await server.change("a", { kind: "renew", attempt: 1, leaseMs: 60_000 });
  assert.deepEqual((await elsewhere.read(report("a", 2)))?.parameters, { made: "again" });
});
