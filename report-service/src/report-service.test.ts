import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { Format, type Report, ReportSchema, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "./client.ts";

const parent = "tenants/acme";
const jobLeaseMs = 600;

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path, ["--id", "shared"]);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

test("a report is created, followed to its end and fetched in every format", async () => {
  const { client } = server;
  const created = await client.createReport({
    parent,
    report: { kind: "reportKinds/wide", parameters: { rows: 3 } },
  });
  assert.deepEqual(created.by, { server: "shared", locality: "dc-a/z1" });
  const name = reportNameOf(created.value);

  const report = await client.waitForEnd(name);
  assert.equal(report.state, State.SUCCEEDED);
  assert.equal(report.homeDatacenter, "dc-a");
  assert.deepEqual(
    report.artifacts.map(({ format, rowCount }) => [format, rowCount]),
    [
      [Format.CSV, 3n],
      [Format.JSON, 3n],
    ],
  );
  const csv = (await client.fetchReport(name, Format.CSV)).toString();
  assert.equal(csv.split("\n")[0], "text,digit");
  assert.equal(csv.split("\n")[1], "cfcd208495d565ef66e7dff9f98764da,0");
  const json = JSON.parse((await client.fetchReport(name, Format.JSON)).toString());
  assert.deepEqual(json[2], { text: "c81e728d9d4c2f636f067f89cc14862c", digit: 2 });
});

test("the operation of a create is done with its report, or with the reason why there is none", async () => {
  const { client } = server;
  const order = (kind: string) => ({ parent, report: { kind: `reportKinds/${kind}`, parameters: {} } });
  const report = { ...order("wide").report, parameters: { rows: 2 } };
  const { value: created } = await client.createReport({ parent, report });
  const done = (await client.waitOperation(created.name)).value;
  assert.ok(done.result.case === "response");
  assert.equal(anyUnpack(done.result.value, ReportSchema)?.name, reportNameOf(created));

  const { value: hopeless } = await client.createReport(order("talkative"));
  const failed = (await client.waitOperation(hopeless.name)).value;
  assert.ok(failed.done && failed.result.case === "error");
  assert.equal(failed.result.value.code, status.OUT_OF_RANGE);
});

test("a watch that resumes gets every later event and nothing twice", async () => {
  const { client } = server;
  const name = await create(client, "wide", { rows: 10 });
  await client.waitForEnd(name);
  const all = [];
  for await (const event of client.watchReport({ name, afterSequence: 1n })) all.push(event);
  assert.deepEqual(
    all.map(({ sequence, report }) => [sequence, report?.state]),
    [
      [2n, State.RUNNING],
      [3n, State.SUCCEEDED],
    ],
  );
  const later = [];
  for await (const event of client.watchReport({ name, afterSequence: 2n })) later.push(event.sequence);
  assert.deepEqual(later, [3n]);
});

test("an artifact is read on from any offset, and empty at its end", async () => {
  const { client } = server;
  const name = await create(client, "wide", { rows: 5000 });
  await client.waitForEnd(name);
  const whole = await client.fetchReport(name, Format.CSV);
  for (const offset of [1, 70_000, whole.length]) {
    const pieces = [];
    let sha256 = "";
    for await (const chunk of client.streamReport({ name, format: Format.CSV, offset: BigInt(offset) })) {
      pieces.push(chunk.data);
      sha256 = chunk.sha256;
    }
    assert.deepEqual(Buffer.concat(pieces), whole.subarray(offset));
    assert.match(sha256, /^[0-9a-f]{64}$/);
  }
});

test("the same request id gives the same report, and refuses another body", async () => {
  const { client } = server;
  const order = (rows: number) => ({
    parent,
    requestId: "order-1",
    report: { kind: "reportKinds/wide", parameters: { rows } },
  });
  const first = reportNameOf((await client.createReport(order(1))).value);
  assert.equal(reportNameOf((await client.createReport(order(1))).value), first);
  await client.waitForEnd(first);
  const repeated = (await client.createReport(order(1))).value;
  assert.equal(repeated.done, true);
  assert.equal(reportNameOf(repeated), first);

  const error = await failure(client.createReport(order(2)));
  assert.equal(error.code, status.ALREADY_EXISTS);
  assert.equal(error.reason, "REQUEST_ID_REUSED");
  const elsewhere = { ...order(2), parent: "tenants/other" };
  assert.notEqual(reportNameOf((await client.createReport(elsewhere)).value), first);
});

test("twenty creates at once with one id, over two servers, make one report", async () => {
  await using second = await startServer(data.path);
  const order = { parent, requestId: randomUUID(), report: { kind: "reportKinds/wide", parameters: { rows: 1 } } };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? server : second).client.createReport(order)),
  );
  assert.equal(new Set(answers.map(({ value }) => reportNameOf(value))).size, 1);
});

test("everything wrong with a create is listed at once", async () => {
  const error = await failure(
    server.client.createReport({
      parent: "acme",
      requestId: "a b",
      report: { kind: "reportKinds/wide", formats: [Format.UNSPECIFIED], parameters: { rows: -1, colour: "red" } },
    }),
  );
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.deepEqual(error.violations.map(({ field }) => field).sort(), [
    "parent",
    "report.formats[0]",
    "report.parameters.colour",
    "report.parameters.rows",
    "request_id",
  ]);
});

test("what does not exist is NOT_FOUND, whatever is asked of it", async () => {
  const { client } = server;
  for (const name of [`${parent}/reports/dc-a-unknown`, "", "reports/x", `${parent}/reports/../../etc`]) {
    assert.equal((await failure(client.getReport(name))).code, status.NOT_FOUND);
    assert.equal((await failure(client.cancelReport({ name }))).code, status.NOT_FOUND);
    assert.equal((await failure(all(client.watchReport({ name })))).code, status.NOT_FOUND);
    assert.equal((await failure(all(client.streamReport({ name, wait: true })))).code, status.NOT_FOUND);
  }
});

test("a tenant's reports are listed newest first, page by page", async () => {
  const { client } = server;
  const tenant = "tenants/lister";
  const names = [];
  for (let index = 0; index < 5; index += 1) names.push(await create(client, "wide", { rows: index }, tenant));
  const listed = [];
  let pageToken = "";
  do {
    const { value } = await client.listReports({ parent: tenant, pageSize: 2, pageToken });
    assert.ok(value.reports.length <= 2);
    listed.push(...value.reports.map(({ name }) => name));
    pageToken = value.nextPageToken;
  } while (pageToken !== "");
  assert.deepEqual(listed, names.reverse());
  assert.equal((await failure(client.listReports({ parent: tenant, pageToken: "?" }))).code, status.INVALID_ARGUMENT);
});

test("cancelling ends a running query, and the worker is free for the next report", async () => {
  const { client } = server;
  const name = await create(client, "slow");
  await untilState(client, name, State.RUNNING);
  const next = await create(client, "wide", { rows: 1 });

  const cancelled = (await client.cancelReport({ name, reason: "changed my mind" })).value;
  assert.equal(cancelled.state, State.CANCELLED);
  assert.match(cancelled.error?.message ?? "", /changed my mind/);
  assert.equal((await client.waitForEnd(next, { timeoutMs: 10_000 })).state, State.SUCCEEDED);

  assert.equal((await client.cancelReport({ name })).value.state, State.CANCELLED);
  assert.equal((await failure(client.cancelReport({ name: next }))).code, status.FAILED_PRECONDITION);
  assert.equal((await failure(all(client.streamReport({ name })))).reason, "CANCELLED");
});

test("a long query tells how far it is", async () => {
  const { client } = server;
  const name = await create(client, "crossed");
  const percents: number[] = [];
  for await (const { report } of client.watchReport({ name })) {
    // While it is queued, progress is its place there.
    if (report?.progress && report.state === State.RUNNING) percents.push(report.progress.percent);
    if (percents.length === 2) await client.cancelReport({ name });
  }
  const [first = 0, second = 0] = percents;
  assert.ok(0 < first && first <= second && second <= 100, String(percents));
});

test("a client's deadline ends its wait and not the report", async () => {
  const { client } = server;
  const name = await create(client, "slow");
  const error = await failure(all(client.streamReport({ name, wait: true }, { timeoutMs: 300 })));
  assert.equal(error.code, status.DEADLINE_EXCEEDED);
  const { value } = await client.getReport(name);
  assert.ok(value.state === State.QUEUED || value.state === State.RUNNING);
  assert.equal((await failure(all(client.streamReport({ name })))).reason, "REPORT_NOT_READY");
  await client.cancelReport({ name });
});

test("a kind's limits end a report with their reason", async () => {
  const { client } = server;
  const passwords = { path: "/etc/passwd" };
  const expected = [
    { kind: "impatient", parameters: {}, code: status.DEADLINE_EXCEEDED, says: /300 ms/ },
    { kind: "hungry", parameters: {}, code: status.RESOURCE_EXHAUSTED, says: /Memory/ },
    { kind: "talkative", parameters: {}, code: status.OUT_OF_RANGE, says: /11 rows.*10/ },
    { kind: "nosy", parameters: passwords, code: status.INTERNAL, says: /Permission/ },
    { kind: "nosy", parameters: { path: "'; drop table sales --" }, code: status.INTERNAL, says: /Permission/ },
  ];
  for (const { kind, parameters, code, says } of expected) {
    const report = await client.waitForEnd(await create(client, kind, parameters), { timeoutMs: 20_000 });
    assert.equal(report.state, State.FAILED, kind);
    assert.equal(report.error?.code, code, kind);
    assert.match(report.error?.message ?? "", says);
    assert.equal(report.attempts.length, 1);
  }
});

test("a full queue is RESOURCE_EXHAUSTED and says when to come back", async () => {
  await using own = await temporaryDirectory();
  await using full = await startServer(own.path, ["--queue-limit", "2"]);
  await untilState(full.client, await create(full.client, "slow"), State.RUNNING);
  await create(full.client, "slow");
  await create(full.client, "slow");
  const error = await failure(full.client.createReport({ parent, report: { kind: "reportKinds/slow" } }));
  assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  assert.equal(error.reason, "QUEUE_FULL");
  assert.ok((error.retryAfterMs ?? 0) >= 500);
});

test("a killed server's report is finished by another one, as attempt 2", async () => {
  await using own = await temporaryDirectory();
  const flags = (id: string) => ["--id", id, "--job-lease", `${jobLeaseMs}ms`];
  await using one = await startServer(own.path, flags("one"));
  await using two = await startServer(own.path, flags("two"));
  const name = await create(one.client, "slow", { rows: 100_000_000 });
  const running = await untilState(two.client, name, State.RUNNING);
  const [victim, survivor] = running.attempts[0]?.worker === "one" ? [one, two] : [two, one];
  assert.equal(await victim.end("SIGKILL"), "SIGKILL");

  const report = await survivor.client.waitForEnd(name, { timeoutMs: 30_000 });
  assert.equal(report.state, State.SUCCEEDED);
  assert.deepEqual(
    report.attempts.map(({ number, error }) => [number, error !== undefined]),
    [
      [1, true],
      [2, false],
    ],
  );
  assert.match(report.attempts[0]?.error?.message ?? "", /lease/);
  assert.equal((await survivor.client.fetchReport(name, Format.CSV)).toString().split("\n")[0], "total");
});

test("a worker process that dies is replaced, and its report gives up after three", async () => {
  await using own = await temporaryDirectory();
  await using alone = await startServer(own.path);
  const name = await create(alone.client, "slow");
  for await (const { report } of alone.client.watchReport({ name })) {
    if (report?.state === State.RUNNING) await killWorkerOf(alone);
    if (report?.state !== State.FAILED) continue;
    assert.equal(report.attempts.length, 3);
    assert.match(report.error?.message ?? "", /3 attempts lost their worker/);
  }
  const after = await create(alone.client, "wide", { rows: 1 });
  assert.equal((await alone.client.waitForEnd(after)).state, State.SUCCEEDED);
});

test("a server told to stop finishes the stream that a slow client reads, then ends with 0", async () => {
  await using own = await temporaryDirectory();
  await using leaving = await startServer(own.path);
  const { client } = leaving;
  const name = await create(client, "wide", { rows: 600_000 });
  const { artifacts } = await client.waitForEnd(name);

  let bytes = 0;
  let exit: ReturnType<ServerProcess["end"]> | undefined;
  for await (const chunk of client.streamReport({ name, format: Format.CSV })) {
    bytes += chunk.data.length;
    exit ??= leaving.end("SIGTERM");
  }
  assert.equal(BigInt(bytes), artifacts[0]?.sizeBytes);
  assert.equal(await exit, 0, leaving.log());
});

test("a server told to stop hands its unfinished report to another one", async () => {
  await using own = await temporaryDirectory();
  await using leaving = await startServer(own.path, ["--drain-limit", "0s", "--id", "leaving"]);
  const name = await create(leaving.client, "slow", { rows: 200_000_000 });
  await untilState(leaving.client, name, State.RUNNING);
  assert.equal(await leaving.end("SIGTERM"), 0, leaving.log());
  await using next = await startServer(own.path);
  const report = await next.client.waitForEnd(name, { timeoutMs: 30_000 });
  assert.equal(report.state, State.SUCCEEDED);
  assert.match(report.attempts[0]?.error?.message ?? "", /another one goes on/);
});

test("a call that only waits is sent elsewhere before a stopping server ends", async () => {
  await using own = await temporaryDirectory();
  await using leaving = await startServer(own.path, ["--drain-limit", "2100ms"]);
  const name = await create(leaving.client, "slow");
  await untilState(leaving.client, name, State.RUNNING);
  const waits = [
    failure(all(leaving.client.streamReport({ name, wait: true }))),
    failure(all(leaving.client.watchReport({ name }))),
  ];
  await leaving.client.getReport(name);
  assert.equal(await leaving.end("SIGTERM"), 0, leaving.log());
  for (const { code, reason } of await Promise.all(waits)) {
    assert.deepEqual([code, reason], [status.UNAVAILABLE, "SERVER_LEAVING"]);
  }
});

test("nine servers started at once over one empty directory all serve", async () => {
  await using own = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(Array.from({ length: 9 }, () => startServer(own.path, ["--log-level", "error"])));
  for (const one of servers) stack.use(one);
  const names = await Promise.all(servers.map(({ client }) => create(client, "wide", { rows: 1 })));
  // Each report is asked for at a server that did not create it.
  const ended = await Promise.all(
    names.map((name, index) => servers[(index + 1) % servers.length]?.client.waitForEnd(name, { timeoutMs: 30_000 })),
  );
  assert.ok(ended.every((report) => report?.state === State.SUCCEEDED));
  assert.ok(
    servers.every((one) => one.log() === ""),
    servers.map((one) => one.log()).join(""),
  );
});

async function create(client: ReportClient, kind: string, parameters = {}, tenant = parent): Promise<string> {
  const report = { kind: `reportKinds/${kind}`, parameters };
  return reportNameOf((await client.createReport({ parent: tenant, report })).value);
}

async function untilState(client: ReportClient, name: string, state: State): Promise<Report> {
  for await (const { report } of client.watchReport({ name }, { timeoutMs: 20_000 })) {
    if (report?.state === state) return report;
  }
  throw new Error(`${name} ended without being in state ${state}`);
}

async function failure(call: Promise<unknown>): Promise<ReportCallError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ReportCallError, `expected a failed call, got ${error}`);
  return error;
}

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const list = [];
  for await (const message of messages) list.push(message);
  return list;
}

async function killWorkerOf({ process: { pid } }: ServerProcess): Promise<void> {
  const children = async () => {
    const pids = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    return pids
      .split(" ")
      .map(Number)
      .filter((child) => child > 0);
  };
  // A report is running a moment before its worker is.
  let workers = await children();
  while (workers.length === 0) {
    await delay(5);
    workers = await children();
  }
  for (const worker of workers) process.kill(worker, "SIGKILL");
}
