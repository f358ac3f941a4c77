import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { provesJobsAhead } from "../../test/contract/jobs-ahead.ts";
import { provesKindLimits } from "../../test/contract/kind-limits.ts";
import { provesNotices } from "../../test/contract/notices.ts";
import { claimant, create, listAll, report, request, tenant } from "../../test/contract/place.ts";
import { provesReportStore } from "../../test/contract/report-store.ts";
import { provesSealing, sealed } from "../../test/contract/sealing.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import { provesCleanUp, provesUploadStore } from "../../test/contract/upkeep.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { openStore } from "./open-store.ts";
import { migrations } from "./schema.ts";

provesReportStore("SQLite", openSqlitePlace);
provesJobQueue("SQLite", openSqlitePlace);
provesJobsAhead("SQLite", openSqlitePlace);
provesKindLimits("SQLite", openSqlitePlace);
provesUploadStore("SQLite", openSqlitePlace);
provesCleanUp("SQLite", openSqlitePlace);
provesNotices("SQLite", openSqlitePlace);
provesCrashSafety("SQLite", openSqlitePlace);

// Whatever holds for a store holds for one in which all parameters are encrypted.
provesSealing("SQLite", openSqlitePlace);
provesReportStore("SQLite, sealed", sealed(openSqlitePlace));
provesJobQueue("SQLite, sealed", sealed(openSqlitePlace));

test("what was stored is there when the file is opened again", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  {
    using store = openStore(path);
    await create(store.reports, report("a", 1), { request });
  }
  using store = openStore(path);
  assert.deepEqual(await store.reports.read(report("a", 1)), report("a", 1));
});

test("what failed before a file was brought up to date is found among what failed", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  {
    using old = new DatabaseSync(path);
    old.exec(`${migrations.slice(0, 6).join(";")}; pragma user_version = 6`);
    const insert = old.prepare("insert into reports (tenant, id, created_ms, state, body) values (?, ?, ?, ?, ?)");
    for (const [id, state] of [
      ["a", "failed"],
      ["b", "succeeded"],
    ] as const)
      insert.run(tenant, id, 1, state, JSON.stringify(report(id, 1)));
  }
  using store = openStore(path);
  const filter = { kind: "text", field: "state", is: "=", value: "failed" } as const;
  assert.deepEqual(await listAll(store.reports, { filter }), [report("a", 1)]);
});

test("a file of the first version is brought up to date, and what waited in it still does", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  {
    using old = new DatabaseSync(path);
    old.exec(`${migrations[0]}; pragma user_version = 1`);
    const { uploads, sensitive, priority, labels, cluster, retentionMs, retries, ...first } = report("a", 1);
    const body = JSON.stringify(first);
    old.prepare("insert into reports values ('acme', 'a', 1, null, 'queued', null, ?)").run(body);
    old.prepare("insert into events values (1, 'acme', 'a', 1, 1, ?)").run(body);
    old.prepare("insert into requests values ('acme', 'r', 'h', 'a')").run();
  }
  using store = openStore(path);
  assert.deepEqual(await store.reports.read(report("a", 1)), report("a", 1));
  assert.equal((await create(store.reports, report("b", 2), { request })).kind, "repeated");
  assert.deepEqual(await store.queue.length("sql"), { queued: 1, oldestQueuedAtMs: 1 });
  assert.equal((await store.queue.claim(claimant, 9, 2)).length, 1);
});
