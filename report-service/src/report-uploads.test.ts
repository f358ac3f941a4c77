import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const parent = "tenants/acme";
const bytes = Buffer.from("region,target\neu,7\n");
const sha256 = createHash("sha256").update(bytes).digest("hex");
const announced = { parent, mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };

test("an upload is announced, sent past the service, completed, and then read by reports", async () => {
  await using service = await serviceWithData();
  const { client } = service;
  const { value: upload } = await client.createUpload({ ...announced, requestId: "u" });
  assert.equal((await client.createUpload({ ...announced, requestId: "u" })).value.name, upload.name);
  const order = { parent, report: { kind: "reportKinds/reused", uploads: [upload.name] } };
  assert.equal((await failure(client.createReport(order))).reason, "INPUT_MISSING");

  const put = (body: Buffer | string) => fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body });
  const refused = await put("too short");
  assert.deepEqual([refused.status, await refused.text()], [400, "19 bytes were announced, not 9\n"]);
  assert.equal((await failure(client.completeUpload(upload.name))).reason, "UPLOAD_MISSING");
  assert.equal((await put(bytes)).status, 200);
  const { value: complete } = await client.completeUpload(upload.name);
  assert.deepEqual([complete.complete, complete.putUrl], [true, ""]);
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);

  const first = reportNameOf((await client.createReport(order)).value);
  assert.deepEqual((await client.waitForEnd(first)).uploads, [upload.name]);
  const without = { parent, report: { kind: "reportKinds/reused" } };
  assert.notEqual(reportNameOf((await client.createReport(without)).value), first);
  assert.equal(reportNameOf((await client.createReport(order)).value), first);
});

test("an upload whose bytes were changed where they are stored is not completed", async () => {
  await using service = await serviceWithData();
  const { client, data } = service;
  const { value: upload } = await client.createUpload(announced);
  assert.equal((await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes })).status, 200);
  await writeFile(join(data, "objects/acme/uploads", upload.name.split("/").at(-1) ?? ""), "something else");
  const differs = await failure(client.completeUpload(upload.name));
  assert.equal(differs.reason, "UPLOAD_DIFFERS");
});

test("a report's bytes are fetched by a URL of their own, from any server that shares the data", async () => {
  await using service = await serviceWithData();
  const { client, server, data } = service;
  const name = await createOne(client, "wide", { rows: 2 });
  await client.waitForEnd(name);
  const { value } = await client.getDownloadUrl({ name, format: Format.CSV, validFor: durationFromMs(5_000) });
  const text = await (await fetch(value.url)).text();
  assert.equal(text, (await client.fetchReport(name, Format.CSV)).toString());
  assert.equal(createHash("sha256").update(text).digest("hex"), value.artifact?.sha256);
  await using other = await startServer(data);
  const there = value.url.replace(server.objects ?? "", other.objects ?? "");
  assert.notEqual(there, value.url);
  assert.equal(await (await fetch(there)).text(), text);

  const forever = client.getDownloadUrl({ name, validFor: durationFromMs(30 * 86_400_000) });
  assert.equal((await failure(forever)).violations[0]?.field, "valid_for");
  assert.equal((await failure(client.getDownloadUrl({ name, format: Format.PDF }))).code, status.INVALID_ARGUMENT);
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
test("with TLS, objects are served over TLS, and no certificate is asked of who has a URL", {
  skip: !hasOpenssl,
}, async () => {
  await using data = await temporaryDirectory();
  const [cert, key] = [join(data.path, "server.crt"), join(data.path, "server.key")];
  const names = ["-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert]);
  await using server = await startServer(data.path, ["--tls-cert", cert, "--tls-key", key, "--tls-client-ca", cert]);
  const [response] = await once(get(`${server.objects}/t/r/1/a?x`, { ca: await readFile(cert) }), "response");
  assert.equal(response.resume().statusCode, 403);
});

test("what is wrong with an upload is listed at once, and no server without URLs takes one", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--roles", "reports,results"]);
  const { client } = server;
  const wrong = { parent: "acme", mediaType: "csv\r\nx: y", sizeBytes: 1n << 60n, sha256: "00", requestId: " " };
  const fields = (await failure(client.createUpload(wrong))).violations.map(({ field }) => field);
  assert.deepEqual(fields, ["parent", "media_type", "size_bytes", "sha256", "request_id"]);
  assert.equal((await failure(client.createUpload(announced))).reason, "NO_SIGNED_URLS");
  assert.equal((await failure(client.completeUpload(`${parent}/uploads/x`))).code, status.NOT_FOUND);
});

async function serviceWithData() {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await temporaryDirectory());
  const server: ServerProcess = stack.use(await startServer(data.path));
  const moved = stack.move();
  return { server, client: server.client, data: data.path, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
