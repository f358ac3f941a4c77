import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { makeFolder } from "../kit/folder.ts";
import { startProcess } from "../kit/process.ts";
import { startReportServer } from "../kit/report-server.ts";
import { startWeir } from "../kit/weir.ts";

const documents = {
  "report.yaml": `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {endpoints: [{registry: {}}]}
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec: {service: report, rules: [{to: {dc-a: 70, dc-b: 30}}]}
`,
};
const split = (share: number) =>
  JSON.stringify({
    apiVersion: "weir/v1alpha1",
    kind: "TrafficSplit",
    metadata: { name: "report" },
    spec: { service: "report", rules: [{ to: { "dc-a": share, "dc-b": 100 - share } }] },
  });
const grpcurl = process.env["WEIR_GRPCURL"] ?? "";
const lacksGrpcurl = grpcurl === "" ? "there is no grpcurl here; npm run test:tools builds it with Go" : false;

test("curl changes a split once however often it repeats, and a stream of events goes on where it was cut", async () => {
  await using weir = await startWeir({ documents });
  const url = `http://${weir.admin}/v1/trafficSplits/report`;
  const put = (share: number) =>
    run("curl", [
      "-si",
      "-X",
      "PUT",
      url,
      "-H",
      "Content-Type: application/json",
      "-H",
      "Idempotency-Key: one",
      "-d",
      split(share),
    ]);
  assert.match((await put(60)).out, /^HTTP\/1\.1 200[\s\S]*"r2-/);
  assert.match((await put(60)).out, /^idempotency-replayed: true\r$/im);
  assert.match((await put(50)).out, /^HTTP\/1\.1 422/);

  const events = `http://${weir.admin}/v1/events`;
  await using first = startProcess({ name: "curl", command: "curl", args: ["-sN", events] });
  const id = (await first.line(/^id: r2\./)).slice("id: ".length);
  await first.stop();
  const headers = ["-H", "Content-Type: application/json", "-H", 'If-Match: "r9-00000000"'];
  assert.match((await run("curl", ["-si", "-X", "PUT", url, ...headers, "-d", split(40)])).out, /^HTTP\/1\.1 412/);
  await run("curl", ["-s", "-X", "PUT", url, "-H", "Content-Type: application/json", "-d", split(40)]);
  await using second = startProcess({
    name: "curl",
    command: "curl",
    args: ["-sN", events, "-H", `Last-Event-ID: ${id}`],
  });
  await second.line(/^id: r3\./);
  assert.match(await second.line(/^data: .*"changes"/), /"revision":3,/);
});

test("grpcurl calls the operator API and the report service by their reflection", { skip: lacksGrpcurl }, async () => {
  await using folder = await makeFolder("grpcurl");
  await using weir = await startWeir({ documents });
  const ready = weir.process().lines.find((line) => line.startsWith('{"ready":true')) ?? "{}";
  const operator = String((JSON.parse(ready) as { readonly grpc?: string }).grpc);
  const call = async (...args: readonly string[]) => (await run(grpcurl, ["-plaintext", ...args])).out;

  assert.match(await call(operator, "list"), /^weir\.operator\.v1\.Traffic$/m);
  const listed = await call("-d", '{"kind": "TrafficSplit"}', operator, "weir.operator.v1.Resources/ListResources");
  assert.match(listed, /"report"/);
  assert.match(await call(operator, "grpc.health.v1.Health/Check"), /SERVING/);
  assert.match(await call(operator, "grpc.channelz.v1.Channelz/GetServers"), /"serverId"/);

  await using reports = await startReportServer({ data: folder.path, id: "report-1" });
  assert.match(await call(reports.address, "list"), /^report\.v1\.Reports$/m);
  assert.match(await call(reports.address, "report.v1.Reports/ListReportKinds"), /"reportKinds\/[\w-]+"/);
  assert.match(await call(reports.address, "grpc.health.v1.Health/Check"), /SERVING/);
});

async function run(command: string, args: readonly string[]): Promise<{ readonly out: string; readonly err: string }> {
  const child = execFile(command, args, { timeout: 60_000 });
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    err += chunk;
  });
  await once(child, "close");
  return { out, err };
}
