import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres, startPostgres } from "../../../test/kit/postgres.ts";
import { create, report } from "../../test/contract/place.ts";
import { connect } from "../../test/contract/postgres-place.ts";

test("servers that start together make one schema; one that is extended is used, one that is contracted refused", {
  skip: lacksPostgres,
}, async () => {
  await using postgres = await startPostgres();
  await using opened = new AsyncDisposableStack();
  const servers = await Promise.all([1, 2, 3, 4].map(() => connect(postgres.url())));
  for (const server of servers) opened.use(server);
  const [one, two] = servers;
  assert.ok(one && two);
  await create(one.reports, report("a", 1));
  assert.equal((await two.reports.read(report("a", 1)))?.id, "a");

  postgres.sql("alter table reports add column of_tomorrow text; update weir_schema set version = version + 1");
  await using older = await connect(postgres.url());
  assert.equal((await create(older.reports, report("b", 2))).kind, "created");

  postgres.sql("update weir_schema set usable_from = version");
  await assert.rejects(connect(postgres.url()), /changed by a newer version/);
});
