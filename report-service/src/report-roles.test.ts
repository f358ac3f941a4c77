import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { all, failure, untilState } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "./client.ts";

const parent = "tenants/acme";

test("servers of one role each make reports together, and each answers what its role is for and nothing else", async () => {
  await using scene = await startRoles();
  const { reports, results, worker } = scene;
  const name = await create(reports.client);
  const report = await results.client.waitForEnd(name, { timeoutMs: 30_000 });
  assert.equal(report.state, State.SUCCEEDED);
  assert.deepEqual(
    report.attempts.map(({ worker: by, number }) => [by, number]),
    [["worker", 1]],
  );
  const bytes = await results.client.fetchReport(name, Format.CSV);
  assert.match(bytes.toString(), /^text,digit\n/);
  const operation = name.replace("/reports/", "/operations/");
  assert.equal((await results.client.waitOperation(operation)).value.done, true);

  const refused = async (call: Promise<unknown>) => (await failure(call)).code;
  assert.equal(await refused(create(results.client)), status.UNIMPLEMENTED);
  assert.equal(await refused(reports.client.getReport(name)), status.UNIMPLEMENTED);
  assert.equal(await refused(worker.client.getReport(name)), status.UNIMPLEMENTED);
});

test("a result that was kept outlives its worker, and waits for a writer without being made again", async () => {
  await using own = await temporaryDirectory();
  await using reports = await startServer(own.path, ["--roles", "reports,results", "--id", "reports"]);
  const name = await create(reports.client);
  {
    await using worker = await startServer(own.path, [
      "--roles",
      "worker",
      "--id",
      "w1",
      "--job-lease",
      "500ms",
      "--log-level",
      "debug",
    ]);
    await logged(worker, /"event":"job-ended"/);
    await worker.end("SIGKILL");
  }
  // Another worker, which would take what has lost its worker before what waits.
  await using other = await startServer(own.path, ["--roles", "worker", "--id", "w2", "--log-level", "debug"]);
  await create(reports.client);
  await logged(other, /"event":"job-ended"/);
  assert.equal((await reports.client.getReport(name)).value.state, State.RUNNING);
  await using _writer = await startServer(own.path, ["--roles", "writer", "--id", "writer"]);
  const report = await reports.client.waitForEnd(name, { timeoutMs: 30_000 });
  assert.equal(report.state, State.SUCCEEDED);
  assert.deepEqual(
    report.attempts.map(({ worker }) => worker),
    ["w1"],
  );
});

test("each role stops in its own way, and none of them loses anything", async () => {
  await using own = await temporaryDirectory();
  await using reports = await startServer(own.path, ["--roles", "reports,results"]);
  const results = await startServer(own.path, ["--roles", "results", "--drain-limit", "2100ms"]);
  const worker = await startServer(own.path, ["--roles", "worker", "--languages", "sql", "--id", "worker"]);
  const name = await create(reports.client, "slow", { rows: 100_000_000 });
  await untilState(results.client, name, State.RUNNING);
  const watching = failure(all(results.client.watchReport({ name })));
  assert.equal(await worker.end("SIGTERM"), 0, worker.log());
  assert.equal(await results.end("SIGTERM"), 0, results.log());
  assert.equal((await watching).reason, "SERVER_LEAVING");
  // Its job has ended, and nobody has written how: that is kept.
  assert.equal((await reports.client.getReport(name)).value.state, State.RUNNING);
  const writer = await startServer(own.path, ["--roles", "writer"]);
  const report = await reports.client.waitForEnd(name, { timeoutMs: 30_000 });
  assert.equal(report.state, State.SUCCEEDED);
  assert.equal(report.attempts.length, 1);
  assert.equal(await writer.end("SIGTERM"), 0, writer.log());
});

test("more that follow reports than may are told to come back", async () => {
  await using own = await temporaryDirectory();
  await using server = await startServer(own.path, ["--roles", "reports,results", "--watch-limit", "2"]);
  const name = await create(server.client);
  const leaving = new AbortController();
  const first = await Promise.all([1, 2].map(() => begin(server.client, name, leaving.signal)));
  const refused = await failure(server.client.watchReport({ name }).next());
  assert.deepEqual([refused.code, refused.reason], [status.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES"]);
  assert.ok((refused.retryAfterMs ?? 0) > 0);
  leaving.abort();
  await Promise.allSettled(first.map((watch) => watch.next()));
  for (;;) {
    const again = await begin(server.client, name, AbortSignal.timeout(10_000)).catch((error: unknown) => error);
    if (!(again instanceof ReportCallError)) break;
    assert.equal(again.reason, "TOO_MANY_WATCHES");
  }
});

/** One server for each of four roles, over one directory. */
async function startRoles() {
  await using started = new AsyncDisposableStack();
  const own = started.use(await temporaryDirectory());
  const start = async (role: string): Promise<ServerProcess> =>
    started.use(await startServer(own.path, ["--roles", role, "--id", role]));
  const [reports, results, worker] = await Promise.all(["reports", "results", "worker", "writer"].map(start));
  assert.ok(reports && results && worker);
  const running = started.move();
  return { reports, results, worker, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function create(client: ReportClient, kind = "wide", parameters = { rows: 2 }): Promise<string> {
  const report = { kind: `reportKinds/${kind}`, parameters };
  const { value } = await client.createReport({ parent, requestId: crypto.randomUUID(), report });
  return reportNameOf(value);
}

/** A watch that has given its first event. */
async function begin(client: ReportClient, name: string, signal: AbortSignal) {
  const watch = client.watchReport({ name }, { signal });
  await watch.next();
  return watch;
}

async function logged({ process }: ServerProcess, line: RegExp): Promise<void> {
  await process.line(line, 60_000);
}
