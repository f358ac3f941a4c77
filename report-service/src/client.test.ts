import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  credentials,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerWritableStream,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import {
  DownloadUrlSchema,
  ListReportsResponseSchema,
  type ReportEvent,
  ReportEventSchema,
  ReportSchema,
  Reports,
  Results,
  type WatchReportRequest,
} from "@weir/proto/report/v1/report_pb.ts";
import { all } from "../test/calls.ts";
import { CallError, errorInfo, serviceErrorOf } from "./api/call-error.ts";
import { createReportClient, type ReportClient } from "./client.ts";

test("every call about one report carries its id, and no other call does", async () => {
  await using recorded = await startRecorder();
  const { client, seen } = recorded;
  const name = "tenants/acme/reports/dc-a-01k";
  await client.getReport(name);
  await client.getDownloadUrl({ name });
  await all(client.watchReport({ name }));
  await all(client.streamReport({ name }));
  await client.cancelReport({ name });
  await client.listReports({ parent: "tenants/acme" });
  await client.getReport("tenants/acme/reports/\u00e9\n");
  assert.deepEqual(seen, [
    "GetReport dc-a-01k",
    "GetDownloadUrl dc-a-01k",
    "WatchReport dc-a-01k",
    "StreamReport dc-a-01k",
    "CancelReport dc-a-01k",
    "ListReports -",
    "GetReport -",
  ]);
});

test("who follows a report goes on after servers that died, and gets each event once", async () => {
  const [gone, dead] = [{ code: status.UNAVAILABLE }, { code: status.INTERNAL, details: "Received RST_STREAM" }];
  await using watched = await startWatched([
    { events: [1, 2], error: gone },
    { events: [], error: dead },
    { events: [3, 4] },
  ]);
  const seen = [];
  for await (const { sequence } of watched.client.followReport("tenants/acme/reports/a")) seen.push(Number(sequence));
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.deepEqual(watched.asked, [0, 2, 2]);
});

test("what a server itself says of a report ends the following of it", async () => {
  const { metadata } = serviceErrorOf(new CallError(status.INTERNAL, "broken", [errorInfo("INTERNAL")]));
  await using watched = await startWatched([{ events: [1], error: { code: status.INTERNAL, metadata } }]);
  await assert.rejects(watched.client.waitForEnd("tenants/acme/reports/a"), { code: status.INTERNAL });
  assert.deepEqual(watched.asked, [0]);
});

type Watched = { readonly events: readonly number[]; readonly error?: Partial<ServiceError> };

/** A server whose watches come out so, one after the other, and what each was asked to go on after. */
async function startWatched(watches: readonly Watched[]) {
  const asked: number[] = [];
  const server = new Server();
  server.addService(serviceOf(Results), {
    watchReport(call: ServerWritableStream<WatchReportRequest, ReportEvent>) {
      const { events = [], error } = watches[asked.length] ?? {};
      asked.push(Number(call.request.afterSequence));
      for (const sequence of events) call.write(create(ReportEventSchema, { sequence: BigInt(sequence) }));
      if (error) call.emit("error", error);
      else call.end();
    },
  });
  const client = createReportClient(`127.0.0.1:${await bound(server)}`, credentials.createInsecure());
  return {
    client,
    asked,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}

function bound(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** A server that answers with nothing and writes down which report's id came with each call. */
async function startRecorder(): Promise<
  { readonly client: ReportClient; readonly seen: readonly string[] } & AsyncDisposable
> {
  const seen: string[] = [];
  const server = new Server({
    interceptors: [
      ({ path }, call) =>
        new ServerInterceptingCall(call, {
          start: (next) =>
            next({
              onReceiveMetadata(metadata, pass) {
                seen.push(`${path.split("/").at(-1)} ${metadata.get("x-report-id")[0] ?? "-"}`);
                pass(metadata);
              },
            }),
        }),
    ],
  });
  const empty = (schema: DescMessage) => (_: unknown, answer: (error: null, value: object) => void) =>
    answer(null, create(schema));
  const none = (call: { end(): void }) => call.end();
  server.addService(serviceOf(Reports), { cancelReport: empty(ReportSchema) });
  server.addService(serviceOf(Results), {
    ...{ getReport: empty(ReportSchema), listReports: empty(ListReportsResponseSchema) },
    ...{ getDownloadUrl: empty(DownloadUrlSchema), watchReport: none, streamReport: none },
  });
  const client = createReportClient(`127.0.0.1:${await bound(server)}`, credentials.createInsecure());
  return {
    client,
    seen,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}
