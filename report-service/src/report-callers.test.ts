import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { CreateReportRequestSchema } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { createReportClient, ReportCallError } from "./client.ts";

test("a tenant that asks for more than it may is told when to come back, and others are not kept", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--tenant-rate", "1/3"]);
  const { client } = server;
  const ask = (parent: string) => client.listReports({ parent });
  for (let calls = 0; calls < 3; calls += 1) await ask("tenants/eager");
  const error = await failure(ask("tenants/eager"));
  assert.deepEqual([error.code, error.reason], [status.RESOURCE_EXHAUSTED, "TENANT_RATE_LIMITED"]);
  assert.ok((error.retryAfterMs ?? 0) > 0 && (error.retryAfterMs ?? 0) <= 1_000, String(error.retryAfterMs));
  await ask("tenants/patient");
  // A batch costs what it holds, whoever it is for.
  const requests = Array.from({ length: 50 }, () => ({
    report: { kind: "reportKinds/wide", parameters: { rows: 1 } },
  }));
  await client.batchCreateReports({ parent: "tenants/batcher", requests });
  const later = await failure(ask("tenants/batcher"));
  assert.ok((later.retryAfterMs ?? 0) > 40_000, String(later.retryAfterMs));
});

test("behind a proxy, callers speak only for the tenant that it has written down", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--callers", "header:x-tenant"]);
  const unnamed = await failure(server.client.listReports({ parent: "tenants/acme" }));
  assert.deepEqual([unnamed.code, unnamed.reason], [status.UNAUTHENTICATED, "CALLER_UNKNOWN"]);
  const name = "tenants/acme/reports/x";
  assert.equal(
    (await call(server.address, "Results/GetReport", named(name), { tenant: "acme" })).code,
    status.NOT_FOUND,
  );
  const other = await call(server.address, "Results/GetReport", named(name), { tenant: "other" });
  assert.deepEqual([other.code, other.reason], [status.PERMISSION_DENIED, "TENANT_NOT_YOURS"]);
  const operation = named("tenants/acme/operations/x");
  assert.equal(
    (await call(server.address, "Reports/DeleteReport", operation, { tenant: "other" })).code,
    status.PERMISSION_DENIED,
  );
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
test("over TLS, a client's certificate tells its tenant", { skip: !hasOpenssl }, async () => {
  await using data = await temporaryDirectory();
  const [own, acme, stranger] = await Promise.all([
    makeCertificate(data.path, "server", "DNS:localhost"),
    makeCertificate(data.path, "acme", "URI:spiffe://weir.example/tenant/acme"),
    makeCertificate(data.path, "stranger", "URI:spiffe://weir.example/tenant/acme"),
  ]);
  const files = ["--tls-cert", own.cert, "--tls-key", own.key, "--tls-client-ca", acme.cert];
  await using server = await startServer(data.path, [...files, "--callers", "certificate", "--listen", "localhost:0"]);
  const connect = async (as: { readonly cert: string; readonly key: string }) => {
    const [root, key, chain] = await Promise.all([readFile(own.cert), readFile(as.key), readFile(as.cert)]);
    return createReportClient(server.address, credentials.createSsl(root, key, chain));
  };
  using client = await connect(acme);
  const { value } = await client.listReports({ parent: "tenants/acme" });
  assert.deepEqual(value.reports, []);
  assert.equal((await failure(client.listReports({ parent: "tenants/other" }))).reason, "TENANT_NOT_YOURS");
  using impostor = await connect(stranger);
  assert.equal((await failure(impostor.listReports({ parent: "tenants/acme" }))).code, status.UNAVAILABLE);
  assert.equal((await failure(server.client.listReports({ parent: "tenants/acme" }))).code, status.UNAVAILABLE);
});

test("bytes that are no request are one clear error, and the next call is served", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const createReport = "Reports/CreateReport";
  const cases: readonly (readonly [title: string, bytes: Buffer, says: RegExp])[] = [
    ["noise", Buffer.from("ff".repeat(40), "hex"), /no message of the type/],
    ["a length beyond the end", Buffer.from([0x0a, 0xff, 0xff, 0x7f, 0x61]), /no message of the type/],
    ["five million bytes", Buffer.alloc(5_000_000), /5000000 bytes and may have 4194304/],
    ["parameters within parameters", nested(5_000), /./],
    [
      "a text that is no UTF-8",
      Buffer.concat([Buffer.from([0x0a, 0x0c]), Buffer.from("tenants/\xff\xfeab", "latin1")]),
      /./,
    ],
    ["a prototype", withPrototype(), /report\.parameters/],
  ];
  for (const [title, bytes, says] of cases) {
    const error = await call(server.address, createReport, bytes);
    assert.equal(error.code, status.INVALID_ARGUMENT, `${title}: ${error.message}`);
    assert.match(error.message, says, title);
    assert.ok(error.reason, title);
  }
  assert.equal((await call(server.address, "Results/StreamReport", Buffer.from([0xff]))).code, status.INVALID_ARGUMENT);
  assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
  assert.doesNotMatch(server.log(), /unexpected error/);
});

test("a message that unpacks to very much is refused before it is held", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const before = await residentMegabytes(server.process.pid);
  for (let attack = 0; attack < 4; attack += 1) {
    const error = await call(server.address, "Reports/CreateReport", Buffer.alloc(256 * 1024 * 1024), { packed: true });
    assert.equal(error.code, status.RESOURCE_EXHAUSTED, error.message);
  }
  const grownBy = (await residentMegabytes(server.process.pid)) - before;
  assert.ok(grownBy < 100, `grew by ${grownBy} MB over 1024 MB of zeros`);
  assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
});

test("a client's deadline ends a call that waits, and the server goes on without a word about it", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const name = await createOne(server.client, "slow");
  const wait = server.client.waitOperation(name.replace("/reports/", "/operations/"), { timeoutMs: 200 });
  assert.equal((await failure(wait)).code, status.DEADLINE_EXCEEDED);
  await server.client.cancelReport({ name });
  assert.doesNotMatch(server.log(), /unexpected error/);
});

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

/** A certificate that is its own authority. */
async function makeCertificate(folder: string, name: string, subjectAltName: string) {
  const [key, cert] = [join(folder, `${name}-key.pem`), join(folder, `${name}.pem`)];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${subjectAltName}`];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert]);
  return { key, cert };
}

function named(name: string): Buffer {
  const bytes = Buffer.from(name);
  return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}

/** Field `tag` (length-delimited) around some bytes. */
function field(tag: number, bytes: Buffer): Buffer {
  const length = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(tag << 3) | 2, ...length]), bytes]);
}

/** A request whose parameters hold one entry. */
function withParameter(name: string, value: Buffer): Buffer {
  const entry = Buffer.concat([field(1, Buffer.from(name)), field(2, value)]);
  const report = Buffer.concat([field(2, Buffer.from("reportKinds/wide")), field(3, field(1, entry))]);
  return Buffer.concat([
    Buffer.from(toBinary(CreateReportRequestSchema, create(CreateReportRequestSchema, { parent: "tenants/acme" }))),
    field(2, report),
  ]);
}

/** `google.protobuf.Value` lists in one another. */
function nested(depth: number): Buffer {
  let value = field(3, Buffer.from("x"));
  for (let level = 0; level < depth; level += 1) value = field(6, field(1, value));
  return withParameter("rows", value);
}

function withPrototype(): Buffer {
  const polluted = field(
    5,
    field(1, Buffer.concat([field(1, Buffer.from("rows")), field(2, field(3, Buffer.from("1")))])),
  );
  return withParameter("__proto__", polluted);
}

/** How a call ends whose request is these bytes. */
function call(
  address: string,
  method: string,
  bytes: Buffer,
  { tenant, packed = false }: { readonly tenant?: string; readonly packed?: boolean } = {},
): Promise<ReportCallError> {
  const channel = new Client(address, credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
    ...(packed && { "grpc.default_compression_algorithm": compressionAlgorithms.gzip }),
  });
  const metadata = new Metadata();
  if (tenant !== undefined) metadata.set("x-tenant", tenant);
  const { promise, resolve, reject } = Promise.withResolvers<ReportCallError>();
  const same = (given: Buffer) => given;
  const done = (error: ServiceError | null) => {
    channel.close();
    if (error) resolve(new ReportCallError(error, { server: "", locality: "" }));
    else reject(new Error(`${method} was answered`));
  };
  channel.makeUnaryRequest(
    `/report.v1.${method}`,
    same,
    same,
    bytes,
    metadata,
    { deadline: Date.now() + 10_000 },
    done,
  );
  return promise;
}
