import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type DescMessage } from "@bufbuild/protobuf";
import { credentials, Server, ServerCredentials, ServerInterceptingCall } from "@grpc/grpc-js";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import {
  DownloadUrlSchema,
  ListReportsResponseSchema,
  ReportSchema,
  Reports,
  Results,
} from "@weir/proto/report/v1/report_pb.ts";
import { all } from "../test/calls.ts";
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
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  const client = createReportClient(`127.0.0.1:${await promise}`, credentials.createInsecure());
  return {
    client,
    seen,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}
