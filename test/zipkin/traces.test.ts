import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, reportNameOf } from "../../report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { startReportServer } from "../kit/report-server.ts";
import { seventyThirty, startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";
import { lacksZipkin, startZipkin } from "../kit/zipkin.ts";

const kinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));

test("a real Zipkin shows a change from the command to each client's ACK, and a report from the call to its making", {
  skip: lacksZipkin,
}, async () => {
  await using zipkin = await startZipkin();
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty }, env: zipkin.env });
  await weir.api("PUT", "/v1/registry/services/report/endpoints/a1", { address: "127.0.0.1:9", locality: "dc-a/z1" });
  await using edge = await startEdge(weir);
  await edge.ready();
  assert.equal((await weirCommand(weir, ["traffic", "set", "report", "dc-a=60", "dc-b=40", "--wait"])).code, 0);
  const ofChange = async () =>
    (await zipkin.traces("weir-control-plane")).find((spans) => spans.some(({ name }) => name === "push"));
  const change = await until(ofChange, { within: 30_000, what: "the change in Zipkin", everyMs: 200 });
  const root = change.find(({ name }) => name === "change");
  assert.ok(root);
  const under = change.filter(({ parentId }) => parentId === root.id).map(({ name }) => name);
  for (const name of ["apply", "translate", "push"]) assert.ok(under.includes(name), `${name} of ${under}`);
  assert.equal(change.find(({ name }) => name === "push")?.tags?.["weir.node"], "edge-1");

  await using data = await makeFolder("traces");
  const flags = ["--languages", "sql"];
  await using server = await startReportServer({ data: data.path, id: "report-1", kinds, flags, env: zipkin.env });
  using client = createReportClient(server.address, credentials.createInsecure());
  const report = { kind: "reportKinds/wide", parameters: { rows: 3 } };
  const created = await client.createReport({ parent: "tenants/acme", report, requestId: crypto.randomUUID() });
  await client.waitForEnd(reportNameOf(created.value), { timeoutMs: 30_000 });
  const ofReport = async () => {
    const services = await Promise.all(["report", "report-service"].map(zipkin.traces));
    return services.flat().find((spans) => spans.some(({ name }) => name === "report.job"));
  };
  const made = await until(ofReport, { within: 30_000, what: "the report in Zipkin", everyMs: 200 });
  const job = made.find(({ name }) => name === "report.job");
  const call = made.find(({ name }) => name.toLowerCase().endsWith("createreport"));
  assert.ok(job && call, made.map(({ name }) => name).join());
  assert.deepEqual([job.traceId, job.parentId], [call.traceId, call.id]);
});
