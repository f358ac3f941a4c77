import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Client, credentials, Metadata, type StatusObject } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { Results } from "@weir/proto/report/v1/report_pb.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

const { path, requestSerialize, responseDeserialize } = methodOf(Results, Results.method.getReport);
const name = "tenants/acme/reports/none";

test("with every answer comes how busy the server was, and how often it failed", async () => {
  await using data = await temporaryDirectory();
  const faults = join(data.path, "faults");
  await writeFile(faults, "{}");
  await using server = await startServer(data.path, ["--load-reports", "calls", "--fault-file", faults]);
  using caller = callerOf(server.address);
  const calm = await caller.callFor(1_300);
  assert.equal(calm.eps, 0);
  assert.ok(calm.rpsFractional > 0.3 * calm.sentPerS && calm.rpsFractional < 3 * calm.sentPerS, JSON.stringify(calm));
  for (const share of [calm.applicationUtilization, calm.cpuUtilization])
    assert.ok(share > 0 && share < 1.5, `${share}`);

  await writeFile(faults, JSON.stringify({ status: "UNAVAILABLE", percent: 100 }));
  while ((await caller.call()).code !== 14);
  const failing = await caller.callFor(1_300);
  assert.ok(failing.eps > 0.9 * failing.rpsFractional, JSON.stringify(failing));
});

test("who did not ask for it is told nothing of it", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using caller = callerOf(server.address);
  assert.deepEqual((await caller.call()).metadata.get("endpoint-load-metrics-bin"), []);
});

function callerOf(address: string) {
  const client = new Client(address, credentials.createInsecure());
  const call = () =>
    new Promise<StatusObject>((resolve) => {
      const request = { $typeName: "report.v1.GetReportRequest", name } as never;
      client
        .makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), {}, () => undefined)
        .on("status", resolve);
    });
  return {
    call,
    /** The last report of so long a row of calls. */
    async callFor(ms: number) {
      const startedAtMs = performance.now();
      for (let sent = 1; ; sent += 1) {
        const [report] = (await call()).metadata.get("endpoint-load-metrics-bin");
        const tookMs = performance.now() - startedAtMs;
        if (tookMs > ms) return { ...decode(report as Buffer), sentPerS: sent / (tookMs / 1_000) };
      }
    },
    [Symbol.dispose]: () => client.close(),
  };
}

function decode(bytes: Buffer) {
  const reader = new BinaryReader(bytes);
  const values = new Map<number, number>();
  while (reader.pos < reader.len) {
    const [number] = reader.tag();
    values.set(number, reader.double());
  }
  const of = (number: number) => values.get(number) ?? Number.NaN;
  return { cpuUtilization: of(1), rpsFractional: of(6), eps: of(7), applicationUtilization: of(9) };
}
