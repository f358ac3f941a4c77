import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const parent = "tenants/acme";
const secret = "canary-4711-in-the-mine";

test("a sensitive parameter reaches the worker, and is found in no answer, no log and no file of the store", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--log-level", "debug"]);
  const { client } = server;
  const order = { parent, report: { kind: "reportKinds/secretive", parameters: { secret, open: "door" } } };
  const [first, second] = await Promise.all([client.createReport(order), client.createReport(order)]);
  const name = reportNameOf(first.value);
  assert.equal(reportNameOf(second.value), name);
  const report = await client.waitForEnd(name);
  assert.deepEqual(report.parameters, { open: "door" });
  const [row] = JSON.parse((await client.fetchReport(name, Format.JSON)).toString());
  assert.deepEqual(row, { secret, open: "door" });

  await client.createReport({
    ...order,
    requestId: "r",
    report: { ...order.report, parameters: { secret, open: "x" } },
  });
  const files = (await readdir(data.path)).filter((file) => file.startsWith("reports.db"));
  for (const file of files) assert.equal(await holds(join(data.path, file), secret), false, file);
  assert.equal(await holds(join(data.path, "reports.db-wal"), "door"), true);
  assert.doesNotMatch(server.log(), new RegExp(secret));
});

test("where all parameters are encrypted none is found in a file of the store", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--encrypt", "all"]);
  const order = { parent, report: { kind: "reportKinds/reused", parameters: { text: secret } } };
  const report = await server.client.waitForEnd(reportNameOf((await server.client.createReport(order)).value));
  assert.equal(report.parameters?.["text"], secret);
  for (const file of ["reports.db", "reports.db-wal"]) {
    assert.equal(await holds(join(data.path, file), secret), false, file);
  }
});

async function holds(path: string, text: string): Promise<boolean> {
  return (await readFile(path)).includes(text);
}
