import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres, startPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { cancel, create, report, tenant } from "../../test/contract/place.ts";
import { connect } from "../../test/contract/postgres-place.ts";
import { parsePostgresUrl } from "../config/postgres-url.ts";
import { anyReportFilter } from "../model/report-filter.ts";

const everything = { tenant, filter: anyReportFilter, order: "oldest-first", limit: 100, lookAt: 100 } as const;

test("a standby is read from, and who reads what was just written sees it all the same", {
  skip: lacksPostgres,
}, async () => {
  await using primary = await startPostgres();
  await using standby = await primary.standby("standby1");
  const replicas = parsePostgresUrl(standby.url()) ?? [];
  await using store = await connect(primary.url(), { replicas });
  await using other = await connect(primary.url());
  await create(store.reports, report("a", 1));
  await store.reports.change(report("a", 1), cancel, 2);

  const reads = () =>
    Number(standby.sql("select sum(idx_scan) from pg_stat_user_tables where relname like 'reports%'"));
  const readThere = async () => {
    assert.equal((await store.reports.read(report("a", 1)))?.status.kind, "cancelled");
    assert.equal((await store.reports.list(everything)).reports.length, 1);
    return reads() > 0;
  };
  await until(readThere, { within: 20_000, what: "the standby is read from" });

  standby.sql("select pg_wal_replay_pause()");
  await create(store.reports, report("b", 2));
  await create(other.reports, report("c", 3));
  assert.equal((await store.reports.read(report("b", 2)))?.id, "b");
  assert.equal((await store.reports.read(report("c", 3)))?.id, "c");
  assert.equal((await store.reports.list(everything)).reports.length, 3);
  // Without a word from this server, the standby is no longer read from once it is too far behind.
  await other.reports.change(report("b", 2), cancel, 4);
  await until(async () => (await store.reports.list(everything)).reports[1]?.status.kind === "cancelled", {
    within: 20_000,
    what: "the list comes from the primary",
  });

  await standby.kill();
  assert.equal((await store.reports.read(report("a", 1)))?.status.kind, "cancelled");
  assert.equal((await store.reports.list(everything)).reports.length, 3);
});
