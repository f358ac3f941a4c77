import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { until } from "../../test/kit/wait.ts";
import { createOne, failure } from "../test/calls.ts";
import { lacksPrlimit, limitFileSize } from "../test/file-size-limit.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { lockSqlite } from "../test/sqlite-lock.ts";
import { type ReportClient, reportNameOf } from "./client.ts";

const order = {
  parent: "tenants/acme",
  report: { kind: "reportKinds/wide", parameters: { rows: 3 } },
  requestId: "c5b1ed34-3b19-4c0c-9b6e-3f3d4d5b3a11",
};

test("creates that the disk has no room for are unavailable, and made once there is", {
  skip: lacksPrlimit,
}, async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const before = await createOne(client, "wide", { rows: 1 });
  await client.waitForEnd(before);

  limitFileSize(server.process.pid, 1_000);
  const calls = [client.createReport(order), client.createReport(order), client.deleteReport({ name: before })];
  for (const error of await Promise.all(calls.map(failure))) {
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(error.reason, "STORE_UNAVAILABLE");
    assert.ok((error.retryAfterMs ?? 0) > 0);
  }
  assert.equal((await client.getReport(before)).value.state, State.SUCCEEDED);

  limitFileSize(server.process.pid, undefined);
  const name = reportNameOf((await client.createReport(order)).value);
  assert.equal((await client.waitForEnd(name)).state, State.SUCCEEDED);
  assert.equal((await client.listReports({ parent: order.parent })).value.reports.length, 2);
});

test("a store that answers and has no room to write says so in the metrics, and that it has again", {
  skip: lacksPrlimit,
}, async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--metrics", "127.0.0.1:0"]);
  const writable = async (value: number) => {
    const text = await (await fetch(`http://${server.metrics}/metrics`)).text();
    assert.match(text, /^report_store_up 1$/m);
    return text.includes(`\nreport_store_writable ${value}\n`);
  };
  await until(() => writable(1), { within: 30_000, what: "the store is said to take writes" });
  limitFileSize(server.process.pid, 1_000);
  await until(() => writable(0), { within: 30_000, what: "the store is said to take no write" });
  limitFileSize(server.process.pid, undefined);
  await until(() => writable(1), { within: 30_000, what: "the store is said to take writes again" });
});

test("reports that a worker's disk has no room for are handed back, and made once there is", {
  skip: lacksPrlimit,
}, async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const { parent } = order;
  const upload = await uploaded(
    client,
    Buffer.from(`region,target,unread\n${`eu,7,${"x".repeat(900_000)}\n`.repeat(10)}`),
  );
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }));

  // More than the store's files take, and less than the artifact and the upload.
  limitFileSize(server.process.pid, 8_000_000);
  const large = await createOne(client, "wide", { rows: 300_000 });
  const fed = { parent, report: { kind: "reportKinds/targets", uploads: [upload] } };
  const reading = reportNameOf((await client.createReport(fed)).value);
  for (const name of [large, reading]) await untilHandedBack(client, name);
  // What fits is made meanwhile.
  assert.equal((await client.waitForEnd(await createOne(client, "wide", { rows: 2 }))).state, State.SUCCEEDED);

  limitFileSize(server.process.pid, undefined);
  for (const name of [large, reading]) {
    const { state, attempts } = await client.waitForEnd(name);
    assert.equal(state, State.SUCCEEDED);
    const failures = attempts.slice(0, -1).map(({ error }) => [error?.code, error?.message]);
    assert.ok(failures.length > 0);
    for (const failed of failures) assert.deepEqual(failed, [status.ABORTED, "the worker's disk is full"]);
  }
  assert.doesNotMatch(server.log(), /circuit-opened/);
});

test("while another process has the store's lock creates are unavailable, and reads are answered at once", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const before = await createOne(client, "wide", { rows: 1 });
  await client.waitForEnd(before);

  await using lock = await lockSqlite(join(data.path, "reports.db"));
  const refused = failure(client.createReport(order));
  let read = 0;
  let answered = false;
  void refused.finally(() => (answered = true));
  while (!answered) {
    await client.getReport(before);
    read += 1;
  }
  const error = await refused;
  assert.equal(error.code, status.UNAVAILABLE);
  assert.ok((error.retryAfterMs ?? 0) > 0);
  // One that waits for the lock as well ends no sooner than the create.
  assert.ok(read > 5, `${read} reads were answered before the create was refused`);

  await lock.release();
  const made = await until(() => client.createReport(order), { within: 30_000, what: "a create is taken" });
  assert.equal((await client.waitForEnd(reportNameOf(made.value))).state, State.SUCCEEDED);
});

/** Sends the bytes of a CSV file, and answers the name of the upload. */
async function uploaded(client: ReportClient, bytes: Buffer): Promise<string> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = {
    parent: order.parent,
    mediaType: "text/csv",
    sizeBytes: BigInt(bytes.length),
    sha256,
  };
  const { value } = await client.createUpload(announced);
  const sent = await fetch(value.putUrl, { method: "PUT", headers: value.headers, body: bytes });
  assert.equal(sent.status, 200);
  return (await client.completeUpload(value.name)).value.name;
}

async function untilHandedBack(client: ReportClient, name: string): Promise<void> {
  const handedBack = async () => (await client.getReport(name)).value.attempts.some(({ error }) => error);
  await until(handedBack, { within: 60_000, what: `${name} is handed back` });
}
