import assert from "node:assert/strict";
import { test } from "node:test";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, Server, ServerCredentials, type sendUnaryData, status } from "@grpc/grpc-js";
import { OperationSchema } from "@weir/proto/google/longrunning/operations_pb.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import {
  CreateReportMetadataSchema,
  ListReportKindsResponseSchema,
  type ListReportsResponseSchema,
  Report_State,
  ReportEventSchema,
  ReportSchema,
  Reports,
  Results,
} from "@weir/proto/report/v1/report_pb.ts";
import { sumOf } from "./ordered-report.ts";
import { keepPace } from "./pace.ts";
import { createRecorder } from "./recorder.ts";
import { createReportClient } from "./report-client.ts";

/** A report service that makes every report at once, and refuses to list them. */
async function startServer() {
  const server = new Server();
  const here = () => {
    const metadata = new Metadata();
    metadata.set("x-weir-locality", "dc-b/z2");
    return metadata;
  };
  const answering =
    <T>(answer: () => T) =>
    (call: { sendMetadata(metadata: Metadata): void }, callback: sendUnaryData<T>) => {
      call.sendMetadata(here());
      callback(null, answer());
    };
  let created = 0;
  let watched = 0;
  server.addService(serviceOf(Reports), {
    listReportKinds: answering(() => create(ListReportKindsResponseSchema)),
    createReport: answering(() => {
      created += 1;
      const metadata = create(CreateReportMetadataSchema, { report: `tenants/demo/reports/r${created}` });
      return create(OperationSchema, { metadata: anyPack(CreateReportMetadataSchema, metadata) });
    }),
  });
  server.addService(serviceOf(Results), {
    getReport: answering(() => create(ReportSchema)),
    listReports: (_: unknown, callback: sendUnaryData<typeof ListReportsResponseSchema>) =>
      callback({ code: status.UNAVAILABLE, details: "not today" }),
    watchReport: (call: { sendMetadata(m: Metadata): void; write(message: unknown): void; end(): void }) => {
      watched += 1;
      call.sendMetadata(here());
      call.write(create(ReportEventSchema, { report: { state: Report_State.RUNNING } }));
      call.write(create(ReportEventSchema, { report: { state: Report_State.SUCCEEDED } }));
      call.end();
    },
  });
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
  return { address: `127.0.0.1:${port}`, watched: () => watched, [Symbol.dispose]: () => server.forceShutdown() };
}

test("each request is counted by who answered it and how it ended, and reports are followed to their end", async () => {
  using server = await startServer();
  const recorder = createRecorder();
  using client = createReportClient({ name: "edge-a", target: server.address, options: {}, recorder });
  const enough = new AbortController();
  let sent = 0;
  const send = () => {
    client.send();
    sent += 1;
    // A report can be followed only once the answer to its creation is here.
    if (sent >= 400 && server.watched() > 0) enough.abort();
  };
  await keepPace(400, send, enough.signal);
  while (recorder.inFlight() > 0) await new Promise(setImmediate);

  const { tallies, failures, created, succeeded, failed } = recorder.take();
  const count = (status: string, region: string) =>
    tallies
      .filter((each) => each.status === status && each.region === region)
      .reduce((sum, each) => sum + each.count, 0);
  // Beside other tests this process may stand still for longer than a call may take.
  const late = tallies.filter((each) => each.status === "DEADLINE_EXCEEDED").reduce((sum, each) => sum + each.count, 0);
  assert.equal(count("OK", "dc-b") + count("UNAVAILABLE", "") + late, sent);
  assert.ok(count("OK", "dc-b") > 0);
  assert.ok(count("UNAVAILABLE", "") > 0, "lists are a fifth of the mix");
  const refused = failures.filter((each) => each.status !== "DEADLINE_EXCEEDED");
  assert.ok(refused.every(({ method, details }) => method === "ListReports" && details === "not today"));
  assert.ok(created > 0 && sumOf(succeeded) > 0 && sumOf(succeeded) <= created);
  assert.equal(failed, 0);
  assert.deepEqual(recorder.take().tallies, []);
});
