import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ServerProcess, startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { runCommand } from "./testing.ts";

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

const weir = (...args: readonly string[]) =>
  runCommand(["report", ...args], {
    env: { WEIR_REPORTS: server.address, WEIR_TENANT: "acme" },
    signal: AbortSignal.timeout(60_000),
  });

test("a report is ordered, followed to its end and fetched", async () => {
  const ordered = await weir("create", "wide", "-p", "rows=3", "--wait");
  assert.equal(ordered.code, 0, ordered.err);
  assert.match(ordered.out, /REPORT +KIND +STATE[^\n]*\n\S+ +wide +SUCCEEDED/);
  assert.match(ordered.out, /\nattempt 1 by \S+ \(sql, dc-a\)\n/);
  const [, id = ""] = /\n(\S+) +wide/.exec(ordered.out) ?? [];

  const file = join(data.path, "wide.csv");
  const fetched = await weir("fetch", id, "--to", file);
  assert.equal(fetched.code, 0, fetched.err);
  const printed = await weir("fetch", id);
  assert.equal(printed.out, await readFile(file, "utf8"));
  assert.equal(printed.out.trim().split("\n").length, 4);

  const listed = await weir("list", "--filter", "state = SUCCEEDED", "-o", "name");
  assert.ok(listed.out.includes(`tenants/acme/reports/${id}\n`), listed.out);
});

test("a report that waits can be cancelled, and who follows it ends with 1", async () => {
  const ordered = await weir("create", "slow", "-o", "name");
  const name = ordered.out.trim();
  const cancelled = await weir("cancel", name, "--reason", "too dear");
  assert.match(cancelled.out, /CANCELLED/, cancelled.err);
  const watched = await weir("watch", name);
  assert.equal(watched.code, 1);
  assert.match(watched.out, /CANCELLED/);
});

test("what the service refuses is told with every violation, and nothing is made of it", async () => {
  const wrong = await weir("create", "wide", "-p", "rows=many", "-p", "colour=red");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^error: the report service at 127\.0\.0\.1:\d+ says INVALID_ARGUMENT/);
  assert.match(wrong.err, /rows/);
  assert.match(wrong.err, /colour/);
});

test("wrong flags are told before anything is asked", async () => {
  assert.match((await weir("create", "wide", "--format", "doc")).err, /--format "doc": there are csv, json,/);
  assert.match((await weir("create", "wide", "-p", "rows")).err, /--param "rows": expected name=value/);
  assert.match((await weir("list", "--limit", "many")).err, /--limit "many": expected a whole number/);
});

test("queues tell what waits for each worker cluster", async () => {
  const { out, err, code } = await weir("queues");
  assert.equal(code, 0, err);
  assert.match(
    out,
    /^CLUSTER +WAITING +OLDEST +RUNNING +WORKERS +CIRCUIT\njavascript .*\npython .*\nsql +\d+ +\S+ +\d+ +\d\/1 +closed\n/,
  );
  assert.deepEqual((await weir("queues", "-o", "name")).out, "javascript\npython\nsql\n");
});

test("all that a filter finds are made once more, after they were shown and confirmed", async () => {
  const filter = ["--filter", 'state = CANCELLED AND kind = "reportKinds/slow"'];
  for (let count = 0; count < 3; count += 1) {
    const name = (await weir("create", "slow", "-p", `rows=${100_000_000_000 + count}`, "-o", "name")).out.trim();
    await weir("cancel", name);
  }
  const tried = await weir("retry", ...filter, "--dry-run");
  assert.ok(tried.out.split("CANCELLED").length > 3, tried.out + tried.err);
  assert.match(tried.out, /nothing was changed/);
  const unsure = await weir("retry", ...filter);
  assert.deepEqual(
    [unsure.code, /Make \d+ reports once more\? \[y\/N\] nothing was changed/.test(unsure.err)],
    [1, true],
  );
  const found = (await weir("list", ...filter, "-o", "name")).out.trim().split("\n");
  const done = await weir("retry", ...filter, "--yes");
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, new RegExp(`^${found.length} of ${found.length} reports wait again`));
  assert.match((await weir("retry", ...filter, "--yes")).out, /none of them failed, was cancelled or has expired/);
  for (const name of found) await weir("cancel", name);
});

test("which reports to make again has to be said, once", async () => {
  for (const args of [["retry"], ["retry", "x", "--filter", "state = FAILED"]]) {
    assert.match((await weir(...args)).err, /which reports\? Name one, or give a --filter/);
  }
});

test("an order is tried without making anything", async () => {
  const count = async () => (await weir("list", "--limit", "999", "-o", "name")).out.split("\n").length;
  const before = await count();
  assert.match((await weir("create", "wide", "-p", "rows=3", "--dry-run")).out, /it would be ordered/);
  assert.match((await weir("create", "wide", "-p", "rows=many", "--dry-run")).err, /INVALID_ARGUMENT/);
  assert.equal(await count(), before);
});

test("a list shows so many, and says whether there are more", async () => {
  for (const rows of [11, 12, 13]) await weir("create", "wide", "-p", `rows=${rows}`, "--wait");
  const one = await weir("list", "--limit", "1");
  assert.match(one.out, /there are more: --limit/);
  const all = await weir("list", "--limit", "500");
  assert.doesNotMatch(all.out, /there are more/);
});
