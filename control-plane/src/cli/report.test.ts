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
