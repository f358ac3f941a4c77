import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { credentials, status } from "@grpc/grpc-js";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure } from "../test/calls.ts";
import { startPlainUrls } from "../test/plain-urls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { createReportClient, reportNameOf } from "./client.ts";
import { parseConfig } from "./config.ts";
import { startReportService } from "./report-service.ts";

const parent = "tenants/acme";
const kinds = fileURLToPath(new URL("../testdata/kinds", import.meta.url));
const bytes = Buffer.from("region,target\neu,7\n");
const sha256 = createHash("sha256").update(bytes).digest("hex");
const announced = { parent, mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };

test("an upload is announced, sent past the service, completed, and then read by reports", async () => {
  await using service = await serviceWithUrls();
  const { client } = service;
  const { value: upload } = await client.createUpload({ ...announced, requestId: "u" });
  assert.equal((await client.createUpload({ ...announced, requestId: "u" })).value.name, upload.name);
  const order = { parent, report: { kind: "reportKinds/reused", uploads: [upload.name] } };
  assert.equal((await failure(client.createReport(order))).reason, "INPUT_MISSING");
  assert.equal((await failure(client.completeUpload(upload.name))).reason, "UPLOAD_MISSING");

  await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: "something else" });
  const differs = await failure(client.completeUpload(upload.name));
  assert.equal(differs.reason, "UPLOAD_DIFFERS");
  await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes });
  const { value: complete } = await client.completeUpload(upload.name);
  assert.deepEqual([complete.complete, complete.putUrl], [true, ""]);
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);

  const first = reportNameOf((await client.createReport(order)).value);
  assert.deepEqual((await client.waitForEnd(first)).uploads, [upload.name]);
  const without = { parent, report: { kind: "reportKinds/reused" } };
  assert.notEqual(reportNameOf((await client.createReport(without)).value), first);
  assert.equal(reportNameOf((await client.createReport(order)).value), first);
});

test("a report's bytes are fetched by a URL of their own", async () => {
  await using service = await serviceWithUrls();
  const { client } = service;
  const name = await createOne(client, "wide", { rows: 2 });
  await client.waitForEnd(name);
  const { value } = await client.getDownloadUrl({ name, format: Format.CSV, validFor: durationFromMs(5_000) });
  const text = await (await fetch(value.url)).text();
  assert.equal(text, (await client.fetchReport(name, Format.CSV)).toString());
  assert.equal(createHash("sha256").update(text).digest("hex"), value.artifact?.sha256);
  const forever = client.getDownloadUrl({ name, validFor: durationFromMs(30 * 86_400_000) });
  assert.equal((await failure(forever)).violations[0]?.field, "valid_for");
  assert.equal((await failure(client.getDownloadUrl({ name, format: Format.PDF }))).code, status.INVALID_ARGUMENT);
});

test("what is wrong with an upload is listed at once, and no server without URLs takes one", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const wrong = { parent: "acme", mediaType: "csv\r\nx: y", sizeBytes: 1n << 60n, sha256: "00", requestId: " " };
  const fields = (await failure(client.createUpload(wrong))).violations.map(({ field }) => field);
  assert.deepEqual(fields, ["parent", "media_type", "size_bytes", "sha256", "request_id"]);
  assert.equal((await failure(client.createUpload(announced))).reason, "NO_SIGNED_URLS");
  assert.equal((await failure(client.completeUpload(`${parent}/uploads/x`))).code, status.NOT_FOUND);
});

async function serviceWithUrls() {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await temporaryDirectory());
  const urls = stack.use(await startPlainUrls(join(data.path, "objects")));
  const flags = ["--data", data.path, "--locality", "dc-a/z1"];
  const config = parseConfig(flags, {}, { kinds, id: "test" });
  assert.ok(config.ok);
  const observe = () => undefined;
  const service = stack.use(await startReportService(config.value, { observe, tracer: undefined, urls }));
  const client = stack.use(createReportClient(service.address, credentials.createInsecure()));
  const moved = stack.move();
  return { client, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
