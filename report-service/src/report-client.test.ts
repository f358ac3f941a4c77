import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { glob, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { credentials, status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { startLine } from "../../test/kit/line.ts";
import { createOne, failure } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { createReportClient, reportNameOf } from "./client.ts";

// 36 MB of CSV: more than what lies between a server and a client that does not read.
const rows = 1_000_000;

test("a report is read on from another server when the one that sends it is killed, and its hash is that of the whole", async () => {
  await using cluster = await twoServers();
  const { client, report, killWhoAnswers } = cluster;
  const hash = createHash("sha256");
  const by: string[] = [];
  let pieces = 0;
  for await (const piece of client.readReport(report.name, Format.CSV, { onAnswer: ({ server }) => by.push(server) })) {
    hash.update(piece);
    pieces += 1;
    if (pieces === 1) await killWhoAnswers(by[0]);
  }
  assert.equal(new Set(by.filter(Boolean)).size, 2, by.join());
  assert.equal(hash.digest("hex"), report.artifacts.find(({ format }) => format === Format.CSV)?.sha256);
});

test("bytes that two servers sent and that are not the report's are never taken for it", async () => {
  await using cluster = await twoServers();
  const { client, report, killWhoAnswers } = cluster;
  let by = "";
  const reading = client.readReport(report.name, Format.CSV, { onAnswer: ({ server }) => (by ||= server) });
  await reading.next();
  await killWhoAnswers(by);
  await cluster.changeLastByte();
  const rest = async () => {
    for await (const piece of reading) assert.ok(piece.length > 0);
  };
  await assert.rejects(rest(), /the bytes have SHA-256 .*, not /);
});

test("when all servers are gone, reading ends in UNAVAILABLE after some tries", async () => {
  await using cluster = await twoServers();
  const { client, report, servers } = cluster;
  const reading = client.readReport(report.name, Format.CSV);
  await reading.next();
  for (const server of servers) await server.end("SIGKILL");
  const rest = async () => {
    for await (const piece of reading) assert.ok(piece.length > 0);
  };
  assert.equal((await failure(rest())).code, status.UNAVAILABLE);
});

test("a connection that falls silent is left for another, and the report is read on", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  let connections = 0;
  await using line = await startLine(
    () => server.address,
    (client, upstream) => {
      connections += 1;
      let left = connections === 1 ? 1_000_000 : Number.POSITIVE_INFINITY;
      client.pipe(upstream);
      upstream.on("data", (bytes: Buffer) => {
        left -= bytes.length;
        if (left > 0) client.write(bytes);
      });
    },
  );
  const oftener = { "grpc.keepalive_time_ms": 200, "grpc.keepalive_timeout_ms": 300 };
  using client = createReportClient(line.address, credentials.createInsecure(), oftener);
  const report = await client.waitForEnd(await createOne(server.client, "wide", { rows }), { timeoutMs: 60_000 });
  const bytes = await client.fetchReport(report.name, Format.CSV);
  assert.equal(BigInt(bytes.length), report.artifacts.find(({ format }) => format === Format.CSV)?.sizeBytes);
  assert.ok(connections > 1);
});

test("bytes and files are uploaded by one call, and reports are made of them", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const csv = "region,target\neu,7\n";
  const path = join(data.path, "targets.csv");
  await writeFile(path, csv);
  const about = { parent: "tenants/acme", mediaType: "text/csv" };
  for (const source of [Buffer.from(csv), { path }]) {
    const name = await client.upload(about, source);
    const order = { parent: about.parent, report: { kind: "reportKinds/copied", uploads: [name] } };
    const report = await client.waitForEnd(reportNameOf((await client.createReport(order)).value));
    assert.equal(report.state, State.SUCCEEDED, report.error?.message);
    assert.equal((await client.fetchReport(report.name, Format.CSV)).toString(), csv);
  }
  assert.equal(
    (await failure(client.upload({ ...about, parent: "acme" }, Buffer.from(csv)))).violations[0]?.field,
    "parent",
  );
});

test("an operation is looked at, cancelled, and then done", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const report = { kind: "reportKinds/narrow", parameters: { rows: 1e11 } };
  const { name } = (await client.createReport({ parent: "tenants/acme", report })).value;
  assert.equal((await client.getOperation(name)).value.done, false);
  await client.cancelOperation(name);
  const { value } = await client.waitOperation(name);
  assert.deepEqual([value.done, value.result.case], [true, "error"]);
});

/** Two servers of one store, a client of both, and a report that was made. */
async function twoServers() {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await temporaryDirectory());
  const servers: readonly ServerProcess[] = [
    stack.use(await startServer(data.path)),
    stack.use(await startServer(data.path)),
  ];
  const target = `ipv4:${servers.map(({ address }) => address).join(",")}`;
  const client = stack.use(createReportClient(target, credentials.createInsecure()));
  const name = await createOne(client, "wide", { rows });
  const report = await client.waitForEnd(name, { timeoutMs: 60_000 });
  assert.equal(report.state, State.SUCCEEDED, report.error?.message);
  const moved = stack.move();
  return {
    ...{ servers, client, report },
    async killWhoAnswers(id: string | undefined) {
      const server = servers.find((each) => each.id === id);
      assert.ok(server, `${id} is one of the servers`);
      await server.end("SIGKILL");
    },
    async changeLastByte() {
      for await (const path of glob(`${data.path}/objects/**/${name.split("/").at(-1)}/**/report.csv`)) {
        await using file = await open(path, "r+");
        await file.write("?", (await file.stat()).size - 1);
      }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
