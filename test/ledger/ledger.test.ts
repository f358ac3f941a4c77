import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { makeFolder } from "../kit/folder.ts";
import { lacksPostgres } from "../kit/postgres.ts";
import { type History, verdictsOf } from "./check.ts";
import { together } from "./fleet.ts";
import { openPostgres, openSqlite } from "./parts.ts";
import { runLedger } from "./run-ledger.ts";

test("what was accepted ends once and whole while servers, workers and the client are killed; what is planted is found", async () => {
  await using folder = await makeFolder("ledger");
  const run = {
    seed: 4,
    durationMs: 14_000,
    posts: together(3),
    perSecond: 20,
    programs: false,
    openParts: openSqlite,
    folder: folder.path,
  };
  const { verdicts, restarts } = await runLedger(run, async (read) => {
    assert.deepEqual(broken(await read()), []);
    const data = join(folder.path, "data");
    const planted = await plant(data, await read());
    const found = verdictsOf(await read()).flatMap(({ invariant, violations }) =>
      violations.map((text) => `${invariant} ${text}`),
    );
    for (const one of planted)
      assert.ok(
        found.some((text) => one.test(text)),
        `${one} among\n${found.join("\n")}`,
      );
  });
  assert.deepEqual(
    verdicts.flatMap(({ violations }) => violations),
    [],
  );
  assert.ok(restarts > 0, "servers were killed");
});

test("the same holds on Postgres while a server's clock jumps and its standby takes over", {
  skip: lacksPostgres,
}, async () => {
  await using folder = await makeFolder("ledger");
  // Of this seed's faults a clock that jumps is the first one, and the failover the second.
  const run = {
    ...{ seed: 36, durationMs: 6_500, posts: together(3), perSecond: 20, programs: false },
    ...{ openParts: openPostgres, folder: folder.path },
  };
  const { verdicts, history } = await runLedger(run);
  assert.deepEqual(
    verdicts.flatMap(({ violations }) => violations),
    [],
  );
  assert.ok(history.reports.length > 0, "reports were made");
  assert.match(await readFile(join(folder.path, "done.log"), "utf8"), /jump-clock.*fail-over-store/s);
});

function broken(history: History): readonly string[] {
  return verdictsOf(history).flatMap(({ invariant, violations }) => violations.map((text) => `${invariant} ${text}`));
}

/** Loses one report, doubles one, ends one twice and changes the bytes of one; answers how each should be told. */
async function plant(data: string, { reports }: History): Promise<readonly RegExp[]> {
  const [lost, doubled, twice, changed] = reports
    .filter(({ state, objects, request }) => state === "SUCCEEDED" && objects.length === 2 && request !== "")
    .map(({ name }) => name);
  assert.ok(lost && doubled && twice && changed, "four reports have succeeded");
  const idOf = (name: string) => name.split("/")[3] ?? "";
  const database = new DatabaseSync(join(data, "reports.db"), { timeout: 5_000 });
  try {
    database.prepare("delete from reports where id = ?").run(idOf(lost));
    database
      .prepare(
        `insert into reports (tenant, id, created_ms, ended_ms, state, body)
         select tenant, id || 'x', created_ms, ended_ms, state, json_set(body, '$.id', id || 'x') from reports where id = ?`,
      )
      .run(idOf(doubled));
    database
      .prepare(
        `insert into events (tenant, report, sequence, time_ms, body)
         select tenant, report || 'x', sequence, time_ms, json_set(body, '$.id', report || 'x') from events where report = ?`,
      )
      .run(idOf(doubled));
    database
      .prepare(
        `insert into events (tenant, report, sequence, time_ms, body)
         select tenant, report, sequence + 1, time_ms, json_set(body, '$.sequence', sequence + 1) from events
         where report = ? order by sequence desc limit 1`,
      )
      .run(idOf(twice));
    database
      .prepare(
        "update reports set body = json_set(body, '$.sequence', json_extract(body, '$.sequence') + 1) where id = ?",
      )
      .run(idOf(twice));
  } finally {
    database.close();
  }
  const [, tenant = "", , id = ""] = changed.split("/");
  const attempt = reports.find(({ name }) => name === changed)?.attempts.length;
  await appendFile(join(data, "objects", tenant, id, String(attempt), "report.csv"), "?");
  return [
    new RegExp(`^N1 .*${lost}, which is not there`),
    new RegExp(`^N4 .* made .*${idOf(doubled)}`),
    new RegExp(`^N2 ${twice} has ended 2 times`),
    new RegExp(`^N3 ${changed} CSV is recorded as`),
  ];
}
