import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../test/kit/ports.ts";
import { failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

test("an upload that a server is killed under is not there, and its URL can be used again", async () => {
  await using data = await temporaryDirectory();
  const listen = ["--object-listen", `127.0.0.1:${await freePort()}`];
  const bytes = randomBytes(2_000_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const drafts = join(data.path, "objects/.drafts");

  await using first = await startServer(data.path, listen);
  const { value: upload } = await first.client.createUpload(announced);
  const sending = request(upload.putUrl, { method: "PUT", headers: upload.headers });
  sending.on("error", () => undefined);
  sending.write(bytes.subarray(0, 1_500_000));
  while ((await readdir(drafts).catch(() => [])).length === 0) await new Promise(setImmediate);
  await first.end("SIGKILL");

  await using second = await startServer(data.path, listen);
  const { client } = second;
  assert.equal((await readdir(drafts)).length, 1);
  assert.equal((await failure(client.completeUpload(upload.name))).reason, "UPLOAD_MISSING");
  assert.equal((await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes })).status, 200);
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);
});

test("a server's memory does not grow with what it takes and gives", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--roles", "reports,results,objects"]);
  const bytes = Buffer.alloc(200_000_000, "weir");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const { value: upload } = await server.client.createUpload(announced);
  const before = await residentMegabytes(server.process.pid);
  assert.equal((await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes })).status, 200);
  assert.equal((await server.client.completeUpload(upload.name)).value.complete, true);
  const grown = (await residentMegabytes(server.process.pid)) - before;
  assert.ok(grown < 150, `${grown} MB more`);
});

test("a transfer that runs when its server is told to stop is finished", async () => {
  await using data = await temporaryDirectory();
  const bytes = randomBytes(1_000_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await using server = await startServer(data.path);
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const { value: upload } = await server.client.createUpload(announced);
  const sending = request(upload.putUrl, { method: "PUT", headers: upload.headers });
  sending.write(bytes.subarray(0, 500_000));
  while ((await readdir(join(data.path, "objects/.drafts")).catch(() => [])).length === 0)
    await new Promise(setImmediate);
  const ended = server.end("SIGTERM");
  while (!server.log().includes('"draining"')) await new Promise(setImmediate);
  sending.end(bytes.subarray(500_000));
  const [response] = await once(sending, "response");
  assert.equal(response.resume().statusCode, 200);
  assert.equal(await ended, 0);
});

test("what is no request is refused, and the next one is served", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const url = new URL(server.objects ?? "");
  for (const [bytes, answer] of [
    ["GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 403/],
    ["GET /acme/r/1/a?signature=x&expires=99999999999&key=x HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 403/],
    ["PUT /acme/uploads/u?signature=x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello", /^HTTP\/1\.1 403/],
    ["DELETE /acme/uploads/u HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 403/],
    ["BREW /pot HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400/],
    ["\0\0\0\0\r\n\r\n", /^HTTP\/1\.1 400/],
    ["PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", /^HTTP\/1\.1 400/],
    ["PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", /^HTTP\/1\.1 400/],
    [`GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 431/],
  ] as const) {
    assert.match(await say(url, bytes), answer, bytes.slice(0, 40));
  }
  assert.equal((await fetch(url)).status, 403);
  assert.doesNotMatch(server.log(), /"level":"error"/);
});

/** What it answers to these bytes. */
async function say({ hostname, port }: URL, bytes: string): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  socket.write(bytes);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString();
}

/** The most that a process has had so far. */
async function residentMegabytes(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}
