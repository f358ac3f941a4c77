import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { parsePostgresUrl } from "@weir/report-service/src/config/postgres-url.ts";
import type { Stores } from "@weir/report-service/src/ports/stores.ts";
import { connect } from "@weir/report-service/src/postgres/connect.ts";
import { openPostgresStore } from "@weir/report-service/src/postgres/open-store.ts";
import { defaultSettings } from "@weir/report-service/src/postgres/settings.ts";
import { openStore } from "@weir/report-service/src/sqlite/open-store.ts";
import { makeFolder } from "../../kit/folder.ts";
import { lacksPostgres, startPostgres } from "../../kit/postgres.ts";
import { type Filling, fillPostgres, fillSqlite, spentMs } from "./fill.ts";
import { artifactOf, claimant, reportOf } from "./made-reports.ts";

const ended: Filling = { id: "ended", tenants: 3, from: 0, to: 7, firstMs: 1_000_000, ended: true };
const waiting: Filling = { ...ended, id: "waits", ended: false };

/** What the service makes of the reports that are filled in, one after the other. */
async function serve({ reports, queue }: Stores, { id, tenants, from, to, firstMs, ended }: Filling): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const report = reportOf(id, tenants, index, firstMs + index);
    const creation = { report, request: { id: report.id, bodyHash: "hash" }, reuseSinceMs: firstMs };
    await reports.create([creation], { queue: 100, tenant: 100 });
    if (!ended) continue;
    const [claimed] = await queue.claim(claimant, 1, report.createdAtMs + spentMs);
    assert.equal(claimed?.id, report.id);
    const change = { kind: "succeed", attempt: 1, artifacts: [artifactOf(report)] } as const;
    await reports.change(report, change, report.createdAtMs + 2 * spentMs);
  }
}

test("SQLite is filled with what the service would have written", async () => {
  await using folder = await makeFolder("fill");
  const [served, filled] = [join(folder.path, "served.db"), join(folder.path, "filled.db")];
  {
    using store = openStore(served);
    for (const filling of [ended, waiting]) await serve(store, filling);
  }
  for (const filling of [ended, waiting]) await fillSqlite(filled, filling);
  const rowsOf = (path: string) => {
    using database = new DatabaseSync(path);
    return [
      "select * from reports order by tenant, id",
      "select tenant, report, sequence, time_ms, body from events order by tenant, report, sequence",
      "select * from requests order by tenant, id",
      "select cluster, priority, tenant, queued from lanes order by cluster, priority, tenant",
      "select cluster, queued from clusters",
    ].map((sql) => database.prepare(sql).all());
  };
  assert.equal(rowsOf(filled)[0]?.length, 14);
  assert.deepEqual(rowsOf(filled), rowsOf(served));
});

test("Postgres is filled with what the service would have written", { skip: lacksPostgres }, async () => {
  await using postgres = await startPostgres();
  for (const name of ["served", "filled"]) {
    postgres.sql(`create database ${name}`);
    const settings = { ...defaultSettings, addresses: parsePostgresUrl(postgres.url(name)) ?? [] };
    await using store = await openPostgresStore(settings);
    const client = await connect(settings.addresses, "primary", settings);
    for (const filling of [ended, waiting]) {
      if (name === "served") await serve(store, filling);
      else await fillPostgres(client, filling);
    }
    await client.end();
  }
  for (const [table, order] of [
    ["reports", "tenant, id"],
    ["events", "tenant, report, sequence"],
    ["requests", "tenant, id"],
    ["jobs", "tenant, id"],
  ]) {
    const [served, filled] = ["served", "filled"].map((name) =>
      postgres.sql(`select to_jsonb(t) from ${table} t order by ${order}`, name),
    );
    assert.notEqual(filled, "", table);
    assert.equal(filled, served, table);
  }
});
