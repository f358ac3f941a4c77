import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { anyUnpack, durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import {
  CreateReportMetadataSchema,
  Format,
  Priority,
  ReportSchema,
  CreateReportRequest_Reuse as Reuse,
  Report_State as State,
} from "@weir/proto/report/v1/report_pb.ts";
import { all, createOne, failure, untilState } from "../test/calls.ts";
import { report, roomy } from "../test/contract/place.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";
import type { TenantId } from "./model/names.ts";
import { openStore } from "./sqlite/open-store.ts";

const parent = "tenants/acme";
const kind = "reportKinds/reused";

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

test("an identical report answers a create, whatever the order of its parameters", async () => {
  const { client } = server;
  const order = (parameters: Record<string, string | number>) => ({ parent, report: { kind, parameters } });
  const first = (await client.createReport(order({ rows: 2, text: "a" }))).value;
  const second = (await client.createReport({ ...order({ text: "a", rows: 2 }), requestId: randomUUID() })).value;
  assert.equal(reportNameOf(second), reportNameOf(first));
  const reused = [first, second].map(
    ({ metadata }) => metadata && anyUnpack(metadata, CreateReportMetadataSchema)?.reused,
  );
  assert.deepEqual(reused, [false, true]);
  const other = (await client.createReport(order({ rows: 2, text: "b" }))).value;
  assert.notEqual(reportNameOf(other), reportNameOf(first));

  await client.waitForEnd(reportNameOf(first));
  const done = (await client.createReport(order({ rows: 2, text: "a" }))).value;
  assert.ok(done.result.case === "response");
  const report = anyUnpack(done.result.value, ReportSchema);
  assert.deepEqual([report?.state, report?.reused], [State.SUCCEEDED, true]);
});

test("a create may refuse what is there, or take it where its kind would not", async () => {
  const { client } = server;
  const ask = async (reuse: Reuse, of: string, maxAgeMs?: number) => {
    const report = { kind: `reportKinds/${of}`, parameters: { rows: 5 } };
    const maxAge = maxAgeMs === undefined ? {} : { maxAge: durationFromMs(maxAgeMs) };
    return reportNameOf((await client.createReport({ parent, report, reuse, ...maxAge })).value);
  };
  const first = await ask(Reuse.UNSPECIFIED, "reused");
  assert.notEqual(await ask(Reuse.NEVER, "reused"), first);
  assert.equal(await ask(Reuse.ALLOW, "reused"), first);
  const plain = await ask(Reuse.UNSPECIFIED, "wide");
  assert.notEqual(await ask(Reuse.UNSPECIFIED, "wide"), plain);
  const allowed = await ask(Reuse.ALLOW, "wide");
  assert.equal(await ask(Reuse.ALLOW, "wide"), allowed);
  assert.notEqual(await ask(Reuse.ALLOW, "wide", 0), allowed);
});

test("two hundred identical creates at once, over two servers, make one report", async () => {
  await using second = await startServer(data.path);
  const order = { parent, report: { kind, parameters: { text: "at once" } } };
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      (index % 2 ? server : second).client.createReport({ ...order, requestId: index % 3 ? randomUUID() : "" }),
    ),
  );
  assert.equal(new Set(answers.map(({ value }) => reportNameOf(value))).size, 1);
});

test("what is only validated is answered as it would be, and is not there", async () => {
  const { client } = server;
  const report = { kind, parameters: { text: "only asked" }, priority: Priority.BULK };
  const { value } = await client.createReport({ parent: "tenants/asker", report, validateOnly: true });
  assert.ok(value.done && value.name === "" && value.result.case === "response");
  const preview = anyUnpack(value.result.value, ReportSchema);
  assert.deepEqual(preview?.parameters, { rows: 3, text: "only asked" });
  assert.deepEqual([preview?.name, preview?.formats.length, preview?.priority], ["", 2, Priority.BULK]);
  assert.deepEqual((await client.listReports({ parent: "tenants/asker" })).value.reports, []);
});

test("a report has the id, the labels, the priority and the time to live that it was asked for with", async () => {
  const { client } = server;
  const asOfTime = timestampFromMs(Date.now() - 60_000);
  const wanted = { priority: Priority.INTERACTIVE, labels: { team: "blue" }, ttl: durationFromMs(3_600_000), asOfTime };
  const order = { parent, reportId: "month-end", report: { kind, parameters: { rows: 1 }, ...wanted } };
  const name = reportNameOf((await client.createReport(order)).value);
  assert.equal(name, `${parent}/reports/month-end`);
  const report = await client.waitForEnd(name);
  assert.deepEqual([report.priority, report.labels], [Priority.INTERACTIVE, { team: "blue" }]);
  assert.deepEqual(report.asOfTime, asOfTime);
  assert.equal((report.expireTime?.seconds ?? 0n) - (report.endTime?.seconds ?? 0n), 3_600n);
  assert.equal((await failure(client.createReport(order))).reason, "REPORT_EXISTS");
  // Another tenant's report of the same id is another report, with bytes of its own.
  const twin = { ...order, parent: "tenants/twin", report: { kind, parameters: { rows: 2 } } };
  const other = reportNameOf((await client.createReport(twin)).value);
  await client.waitForEnd(other);
  const lines = async (of: string) => (await client.fetchReport(of, Format.CSV)).toString().trim().split("\n").length;
  assert.deepEqual([await lines(name), await lines(other)], [2, 3]);
});

test("a batch creates what it can and says of each other why not", async () => {
  const { client } = server;
  const good = { report: { kind, parameters: { text: "batch" } } };
  const requests = [good, { report: { kind: "reportKinds/none" } }, { ...good, requestId: "b-1" }];
  const { value } = await client.batchCreateReports({ parent: "tenants/batch", requests });
  assert.deepEqual(
    value.operations.map(({ name }) => name !== ""),
    [true, false, true],
  );
  assert.equal(value.operations[0]?.name, value.operations[2]?.name);
  assert.deepEqual(Object.keys(value.failedRequests), ["1"]);
  assert.equal(value.failedRequests[1]?.code, status.INVALID_ARGUMENT);
  assert.equal(value.failedRequests[1]?.details.length, 2);

  const tooMany = { parent, requests: Array.from({ length: 501 }, () => good) };
  assert.match((await failure(client.batchCreateReports(tooMany))).message, /at most 500, not 501/);
  const strangers = { parent, requests: [{ ...good, parent: "tenants/other" }] };
  assert.equal((await failure(client.batchCreateReports(strangers))).violations[0]?.field, "requests[0].parent");
});

test("a failed report is retried, once for a request id, and a finished one is not", async () => {
  const { client } = server;
  const name = await createOne(client, "talkative");
  assert.equal((await client.waitForEnd(name)).state, State.FAILED);
  await client.retryReport({ name, requestId: "again" });
  const retried = await client.waitForEnd(name);
  assert.equal(retried.attempts.length, 2);
  const repeated = (await client.retryReport({ name, requestId: "again" })).value;
  assert.equal(repeated.done, true);
  assert.equal((await client.getReport(name)).value.attempts.length, 2);

  const fine = await createOne(client, "wide", { rows: 1 });
  await client.waitForEnd(fine);
  assert.equal((await failure(client.retryReport({ name: fine }))).reason, "NOTHING_TO_RETRY");
});

test("a report is deleted once it has ended, with its bytes, and only as it was seen", async () => {
  const { client } = server;
  const name = await createOne(client, "slow");
  const { etag } = await untilState(client, name, State.RUNNING);
  assert.equal((await failure(client.deleteReport({ name }))).reason, "REPORT_NOT_ENDED");
  assert.equal((await failure(client.cancelReport({ name, etag: '"0"' }))).reason, "ETAG_MISMATCH");
  const cancelled = (await client.cancelReport({ name, etag })).value;
  assert.equal(cancelled.state, State.CANCELLED);
  assert.equal((await failure(client.deleteReport({ name, etag }))).code, status.ABORTED);
  await client.deleteReport({ name, etag: cancelled.etag });
  assert.equal((await failure(client.getReport(name))).code, status.NOT_FOUND);
  assert.equal((await failure(client.deleteReport({ name }))).code, status.NOT_FOUND);
});

test("a page may be empty before the one with what a filter finds, and a client that goes on gets there", async () => {
  const { client } = server;
  const tenant = "many" as TenantId;
  using store = openStore(join(data.path, "reports.db"));
  const labelled = (index: number) => (index === 0 ? { labels: { team: "x" } } : {});
  // Of a cluster that no worker is of: they stay as they are.
  const reports = Array.from({ length: 5_001 }, (_, index) => ({
    report: report(`r${index}`, 1_000 + index, { tenant, cluster: "nobody", ...labelled(index) }),
  }));
  await store.reports.create(reports, roomy);
  const list = { parent: "tenants/many", filter: 'labels.team = "x"' };
  const first = (await client.listReports(list)).value;
  assert.deepEqual([first.reports.length, first.nextPageToken === ""], [0, false]);
  const found = await all(client.eachReport(list));
  assert.deepEqual(
    found.map(({ name }) => name),
    ["tenants/many/reports/r0"],
  );
});

test("a list is filtered, ordered and cut to the fields that are wanted", async () => {
  const { client } = server;
  const tenant = "tenants/filters";
  const names: string[] = [];
  for (const team of ["x", "y", "x"]) {
    const report = { kind: "reportKinds/wide", parameters: { rows: 1 }, labels: { team } };
    names.push(reportNameOf((await client.createReport({ parent: tenant, report })).value));
  }
  for (const name of names) await client.waitForEnd(name);
  const list = { parent: tenant, filter: 'state = SUCCEEDED AND labels.team = "x"', orderBy: "create_time" };
  const readMask = { paths: ["name", "state"] };
  const first = (await client.listReports({ ...list, pageSize: 1, readMask })).value;
  assert.equal(first.reports[0]?.name, names[0]);
  assert.deepEqual([first.reports[0]?.state, first.reports[0]?.kind], [State.SUCCEEDED, ""]);
  const second = (await client.listReports({ ...list, pageToken: first.nextPageToken })).value;
  assert.deepEqual(
    second.reports.map(({ name }) => name),
    names.slice(2),
  );
  const wrong = {
    parent: tenant,
    filter: "state = DONE",
    orderBy: "size",
    pageToken: first.nextPageToken,
    pageSize: -1,
  };
  assert.deepEqual(
    (await failure(client.listReports({ ...wrong, readMask: { paths: ["nothing"] } }))).violations.map(
      ({ field }) => field,
    ),
    ["filter", "order_by", "page_size", "read_mask", "page_token"],
  );
  const other = { ...list, filter: "", pageToken: first.nextPageToken };
  assert.match((await failure(client.listReports(other))).message, /another parent, filter or order_by/);
  assert.deepEqual((await client.getReport(names[0] ?? "", {}, ["etag"])).value.state, State.STATE_UNSPECIFIED);
});

test("a stream that waits begins when the report ends, and its last chunk alone carries the hash", async () => {
  const { client } = server;
  const report = { kind: "reportKinds/slow", parameters: { rows: 20_000_000 } };
  const name = reportNameOf((await client.createReport({ parent, report })).value);
  const small = await all(client.streamReport({ name, wait: true }, { timeoutMs: 60_000 }));
  assert.match(Buffer.concat(small.map(({ data }) => data)).toString(), /^total\n\d+\n$/);
  const wide = await createOne(client, "wide", { rows: 5_000 });
  const chunks = await all(client.streamReport({ name: wide, wait: true }, { timeoutMs: 60_000 }));
  assert.ok(chunks.length > 1);
  const bytes = Buffer.concat(chunks.map(({ data }) => data));
  const hash = createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual([...new Set(chunks.slice(0, -1).map(({ sha256 }) => sha256))], [""]);
  assert.equal(chunks.at(-1)?.sha256, hash);
  assert.deepEqual([...new Set(chunks.map(({ totalSize }) => totalSize))], [BigInt(bytes.length)]);
});

test("an expired report says so, has no bytes, answers for its content no more, and can be made again", async () => {
  const { client } = server;
  const order = { parent, report: { kind, parameters: { text: "expires" } } };
  const name = reportNameOf((await client.createReport(order)).value);
  await client.waitForEnd(name);
  {
    // What the cleaner will do once the report's seven days are over.
    using store = openStore(join(data.path, "reports.db"));
    await store.cleanUp.clear("expired", Date.now() + 8 * 86_400_000, 1_000);
  }
  const { value: expired } = await client.getReport(name);
  assert.deepEqual([expired.state, expired.artifacts], [State.EXPIRED, []]);
  assert.equal((await failure(all(client.streamReport({ name })))).reason, "REPORT_EXPIRED");
  assert.equal((await failure(client.cancelReport({ name }))).reason, "REPORT_ENDED");
  assert.notEqual(reportNameOf((await client.createReport(order)).value), name);
  await client.retryReport({ name });
  const again = await client.waitForEnd(name);
  assert.deepEqual([again.state, again.attempts.length], [State.SUCCEEDED, 2]);
  assert.match((await client.fetchReport(name, Format.CSV)).toString(), /expires/);
});

test("kinds are listed page by page and read one by one", async () => {
  const { client } = server;
  const { value } = await client.getReportKind(kind);
  assert.deepEqual([value.title, value.workerCluster], ["Reused", "sql"]);
  assert.deepEqual([value.reuseMaxAge?.seconds, value.retention?.seconds], [3_600n, 604_800n]);
  assert.equal((await failure(client.getReportKind("reportKinds/none"))).code, status.NOT_FOUND);
  const names = (await client.listReportKinds()).value.kinds.map(({ name }) => name);
  assert.deepEqual(names, names.toSorted());
  assert.ok(names.includes(kind));
});

test("whatever is hostile about a request is one clear error", async () => {
  const { client } = server;
  const ask = (report: object, more: object = {}) =>
    client.createReport({ parent, report: { kind, ...report }, ...more });
  const long = "x".repeat(70_000);
  const labels = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, ""]));
  const cases: readonly (readonly [title: string, call: Promise<unknown>, field: string])[] = [
    ["parameters that are too large", ask({ parameters: { text: long } }), "report.parameters"],
    ["SQL for a number", ask({ parameters: { rows: "1; drop table reports" } }), "report.parameters.rows"],
    ["a number that is none", ask({ parameters: { rows: 1e308 } }), "report.parameters.rows"],
    [
      "a name that JavaScript knows",
      ask({ parameters: JSON.parse('{"constructor":1}') }),
      "report.parameters.constructor",
    ],
    ["a label's name", ask({ labels: { "../x": "y" } }), "report.labels"],
    ["a label's value", ask({ labels: { x: "a\u0000b" } }), "report.labels.x"],
    ["too many labels", ask({ labels }), "report.labels"],
    ["a tenant that is a path", ask({}, { parent: "tenants/../x" }), "parent"],
    ["a tenant that turns the line round", ask({}, { parent: "tenants/\u202ex" }), "parent"],
    ["an id that is a path", ask({}, { reportId: "../x" }), "report_id"],
    ["an id and reuse", ask({}, { reportId: "x", reuse: Reuse.ALLOW }), "reuse"],
    ["a request id of spaces", ask({}, { requestId: "  " }), "request_id"],
    ["a time to live of a second less", ask({ ttl: durationFromMs(-1_000) }), "report.ttl"],
    ["a time that is to come", ask({ asOfTime: timestampFromMs(Date.now() + 3_600_000) }), "report.as_of_time"],
    ["a priority that is none", ask({ priority: 17 }), "report.priority"],
    ["a format that is none", ask({ formats: [99] }), "report.formats[0]"],
    ["an upload of somebody else", ask({ uploads: ["tenants/other/uploads/x"] }), "report.uploads[0]"],
  ];
  for (const [title, call, field] of cases) {
    const error = await failure(call);
    assert.deepEqual([title, error.code, error.reason], [title, status.INVALID_ARGUMENT, "PARAMETER_INVALID"]);
    assert.ok(
      error.violations.some((one) => one.field === field),
      `${title}: ${error.message}`,
    );
    assert.ok(error.message.length < 1_000, title);
  }
  assert.equal((await failure(ask({ uploads: [`${parent}/uploads/x`] }))).reason, "INPUT_MISSING");
  assert.equal(
    (await failure(all(client.watchReport({ name: `${parent}/reports/x`, afterSequence: -1n })))).code,
    status.INVALID_ARGUMENT,
  );
  // What is only odd is data, and comes back as it went in.
  const odd = "'; drop table reports; -- \u0000 \u{1f600} \u202e $rows";
  const name = reportNameOf((await ask({ parameters: { rows: 1, text: odd } })).value);
  assert.equal((await client.waitForEnd(name)).parameters?.["text"], odd);
  assert.equal(JSON.parse((await client.fetchReport(name, Format.JSON)).toString())[0].text, odd);
});

test("queues tell what waits and what is made, for each worker cluster", async () => {
  const { client } = server;
  const made = await createOne(client, "slow");
  await untilState(client, made, State.RUNNING);
  const waits = await createOne(client, "slow");
  const { queues } = (await client.listQueues()).value;
  assert.deepEqual(
    queues.map(({ workerCluster }) => workerCluster),
    ["javascript", "python", "sql"],
  );
  const sql = queues.find(({ workerCluster }) => workerCluster === "sql");
  assert.deepEqual([sql?.waiting, sql?.running, sql?.workers, sql?.busyWorkers], [1n, 1n, 1, 1]);
  assert.ok(sql?.oldestWait !== undefined);
  for (const name of [made, waits]) await client.cancelReport({ name });
  const after = (await client.listQueues()).value.queues.find(({ workerCluster }) => workerCluster === "sql");
  assert.deepEqual([after?.waiting, after?.running, after?.oldestWait], [0n, 0n, undefined]);
});
