import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { Format, Report_State } from "@weir/proto/report/v1/report_pb.ts";
import { lacksKafka, noLongTests, startKafka } from "../../../test/kit/kafka.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../../test/server-process.ts";
import { reportNameOf } from "../client.ts";

test("servers of one role each pass reports on through Kafka, and without it while it is gone", {
  skip: lacksKafka || noLongTests,
}, async () => {
  await using scene = await openScene("store");
  const { kafka, start } = scene;
  await using api = await start("reports,results");
  await using worker = await start("worker");
  await using writer = await start("writer");

  for (let count = 0; count < 3; count += 1) await makeReport(api);
  await kafka.stop("SIGKILL");
  for (let count = 0; count < 3; count += 1) await makeReport(api);
  await kafka.start();
  await makeReport(api);
  await kafka.stop("SIGKILL");
  for (const server of [worker, writer, api]) assert.equal(await server.end("SIGTERM"), 0, server.log());
});

test("reports that are made while the Kafka of results is gone succeed when it is back, and lose no attempt", {
  skip: lacksKafka || noLongTests,
}, async () => {
  await using scene = await openScene("kafka");
  const { kafka, start } = scene;
  await using api = await start("reports,results");
  const work = ["--languages", "sql", "--concurrency", "sql=4", "--job-lease", "1s"];
  await using worker = await start("worker,writer", work);
  await makeReport(api);
  await kafka.stop("SIGKILL");
  const names = await Promise.all([0, 1, 2, 3].map(() => createReport(api)));
  await Promise.all(names.map((name) => waitForBegin(api, name)));
  await kafka.start();
  for (const name of names) {
    const { state, error, attempts } = await api.client.waitForEnd(name);
    assert.equal(state, Report_State.SUCCEEDED, JSON.stringify(error));
    const details = attempts.flatMap((attempt) => attempt.error?.details ?? []);
    const reasons = details.flatMap((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason ?? []);
    assert.ok(!reasons.includes("WORKER_LOST"), `${reasons}\n${worker.log()}`);
  }
});

test("servers of one role each pass reports and their results on through Kafka", {
  skip: lacksKafka || noLongTests,
}, async () => {
  await using scene = await openScene("kafka");
  const { start } = scene;
  await using api = await start("reports,results");
  await using worker = await start("worker");
  await using first = await start("writer");
  for (let count = 0; count < 3; count += 1) await makeReport(api);
  await using second = await start("writer");
  await first.end("SIGKILL");
  for (let count = 0; count < 3; count += 1) await makeReport(api);
  for (const server of [worker, second, api]) assert.equal(await server.end("SIGTERM"), 0, server.log());
});

/** A Kafka, and what starts servers whose queue is there, over one store; who starts them ends them. */
async function openScene(results: "store" | "kafka") {
  await using opening = new AsyncDisposableStack();
  const kafka = opening.use(await startKafka());
  const directory = opening.use(await temporaryDirectory());
  const opened = opening.move();
  const flags = ["--queue", `kafka://${kafka.address}?replicas=1`, "--results", results];
  return {
    kafka,
    start: (roles: string, more: readonly string[] = []) =>
      startServer(directory.path, [...flags, "--roles", roles, ...more]),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function createReport({ client }: ServerProcess): Promise<string> {
  const { value: operation } = await client.createReport({
    parent: "tenants/acme",
    requestId: randomUUID(),
    report: { kind: "reportKinds/wide", parameters: { rows: 10 } },
  });
  return reportNameOf(operation);
}

async function waitForBegin({ client }: ServerProcess, name: string): Promise<void> {
  for await (const { report } of client.followReport(name)) {
    if (report?.state === Report_State.RUNNING) return;
  }
}

async function makeReport(server: ServerProcess): Promise<void> {
  const report = await server.client.waitForEnd(await createReport(server));
  assert.equal(report.state, Report_State.SUCCEEDED, JSON.stringify(report.error));
  assert.equal((await server.client.fetchReport(report.name, Format.CSV)).toString().trim().split("\n").length, 11);
}
