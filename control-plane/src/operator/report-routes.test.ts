import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { createReportDesk } from "../reports/report-desk.ts";
import type { ReportDetail, ToldQueues, ToldReport } from "./report-shapes.ts";
import { type Answer, startTestApi, type TestApi } from "./testing-api.ts";

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
let desk: ReturnType<typeof createReportDesk>;
let api: TestApi;
let addresses: readonly string[] = [];
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path);
  // The first is where nobody listens: another one is asked.
  addresses = ["127.0.0.1:1", server.address];
  const parts = { host: undefined, tls: undefined, where: "service report", tenant: "acme", service: "report" };
  desk = createReportDesk({ ...parts, addresses: () => addresses });
  api = await startTestApi({ reports: desk });
});
after(async () => {
  await api[Symbol.asyncDispose]();
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

const reasonOf = ({ body }: Answer) =>
  (body as { error?: { details?: readonly { reason?: string }[] } }).error?.details?.[0]?.reason;

async function order(kind: string, parameters: Record<string, number> = {}): Promise<string> {
  const { value } = await server.client.createReport({
    parent: "tenants/acme",
    report: { kind: `reportKinds/${kind}`, parameters },
  });
  return value.name.split("/").at(-1) ?? "";
}

async function untilState(id: string, state: "RUNNING" | "SUCCEEDED"): Promise<ReportDetail> {
  const name = `tenants/acme/reports/${id}`;
  for await (const { report } of server.client.followReport(name)) if (report?.state === State[state]) break;
  return (await api.get(`/v1/reports/${id}`)).body as unknown as ReportDetail;
}

test("a report is listed, its timeline told and its bytes fetched", async () => {
  const id = await order("wide", { rows: 3 });
  const { timeline, attempts, parameters } = await untilState(id, "SUCCEEDED");
  assert.deepEqual(
    timeline.map(({ step }) => step).filter((step) => step !== "query" && step !== "render"),
    ["queued", "claimed", "recorded"],
  );
  assert.equal(attempts[0]?.workerCluster, "sql");
  assert.equal(parameters["rows"], 3);
  const listed = (await api.get("/v1/reports?state=SUCCEEDED&kind=wide&pageSize=1")).body as unknown as {
    tenant: string;
    reports: readonly ToldReport[];
  };
  assert.deepEqual([listed.tenant, listed.reports[0]?.id], ["acme", id]);
  const file = await api.get(`/v1/reports/${id}:download?format=CSV`);
  assert.equal(file.headers["content-disposition"], `attachment; filename="${id}.csv"`);
  assert.equal(file.text.trim().split("\n").length, 4);
  const none = await api.get(`/v1/reports/${id}:download?format=XLSX`);
  assert.ok(none.status >= 400 && none.status < 500, none.text);
});

test("a report that waits is cancelled for a reason, only as it was seen, and made again", async () => {
  const id = await order("slow");
  const { etag } = await untilState(id, "RUNNING");
  const queues = (await api.get("/v1/report-queues")).body as unknown as ToldQueues;
  const sql = queues.queues.find(({ cluster }) => cluster === "sql");
  assert.deepEqual([sql?.running, sql?.workers, sql?.busy, sql?.circuits], [1, 1, 1, []]);
  assert.deepEqual([queues.servers, queues.silent[0]?.address], [[server.id], "127.0.0.1:1"]);

  assert.equal((await api.post(`/v1/reports/${id}:cancel`, undefined)).status, 400);
  const cancel = `/v1/reports/${id}:cancel?reason=too%20dear`;
  const stale = await api.send("POST", cancel, undefined, { "if-match": '"1"' });
  assert.deepEqual([stale.status, reasonOf(stale)], [412, "ETAG_MISMATCH"]);
  const headers = { "if-match": etag, "x-weir-actor": "ana" };
  const cancelled = await api.send("POST", cancel, undefined, headers);
  assert.deepEqual([cancelled.status, cancelled.body["state"]], [200, "CANCELLED"], cancelled.text);
  assert.match(JSON.stringify(cancelled.body["error"]), /ana: too dear/);

  const retry = () => api.send("POST", `/v1/reports/${id}:retry`, undefined, { "idempotency-key": "again" });
  assert.equal((await retry()).status, 200);
  assert.equal((await retry()).status, 200);
  const { timeline } = await untilState(id, "RUNNING");
  assert.deepEqual(
    timeline
      .filter(({ step }) => step !== "query")
      .map(({ step, says }) => (step === "queued" ? `queued ${says}` : step)),
    ["queued ", "claimed", "cancelled", "queued again: cancelled by a client: ana: too dear", "claimed"],
  );
  assert.equal((await api.send("POST", cancel, undefined)).status, 200);
  const running = await api.send("POST", `/v1/reports/${id}:cancel?reason=x`, undefined);
  assert.equal(running.body["state"], "CANCELLED", "a cancelled one is answered as it is");
});

test("what is asked for wrongly, is not there or cannot be is refused in words", async () => {
  assert.equal((await api.get("/v1/reports/none")).status, 404);
  assert.equal((await api.get("/v1/reports?state=LOST")).status, 400);
  assert.equal((await api.get("/v1/reports?pageToken=x")).status, 400);
  assert.equal((await api.get("/v1/reports?tenant=A%2FB")).status, 400);
  const id = await order("wide", { rows: 1 });
  await untilState(id, "SUCCEEDED");
  const retried = await api.send("POST", `/v1/reports/${id}:retry`, undefined);
  assert.deepEqual([retried.status, reasonOf(retried)], [409, "NOTHING_TO_RETRY"]);
});

test("a report service that does not answer is said to be away, and one that nobody named is no empty list", async () => {
  const before = addresses;
  addresses = ["127.0.0.1:1"];
  const away = await api.get("/v1/reports");
  assert.deepEqual([away.status, reasonOf(away), away.headers["retry-after"]], [503, "REPORTS_UNREACHABLE", "1"]);
  assert.match(away.text, /the report service \(service report\) does not answer: 127\.0\.0\.1:1: UNAVAILABLE/);
  addresses = [];
  assert.match((await api.get("/v1/report-queues")).text, /no server of the report service is known/);
  addresses = before;
  assert.equal((await api.get("/v1/reports")).status, 200);
  await using without = await startTestApi();
  const unknown = await without.get("/v1/reports");
  assert.deepEqual([unknown.status, reasonOf(unknown)], [404, "NO_REPORT_SERVICE"]);
});
