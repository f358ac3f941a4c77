import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { Results, WatchReportRequestSchema } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

const { path, requestSerialize, responseDeserialize } = methodOf(Results, Results.method.watchReport);

test("a connection on which thousands of calls are cancelled goes on with all others", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--roles", "reports,results"]);
  const request = create(WatchReportRequestSchema, { name: await createOne(server.client, "scripted") });
  const client = new Client(server.address, credentials.createInsecure());
  const watch = () => client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  const staying = watch();
  let end: Error | undefined;
  staying.on("error", (error) => {
    end ??= error;
  });
  await once(staying, "data");
  for (let cancelled = 0; cancelled < 2_500 && !end; cancelled += 100) {
    const calls = Array.from({ length: 100 }, watch);
    for (const call of calls) call.on("error", () => {});
    await Promise.all(calls.map((call) => once(call, "data").catch(() => {})));
    for (const call of calls) call.cancel();
  }
  assert.equal(end, undefined);
  client.close();
});
