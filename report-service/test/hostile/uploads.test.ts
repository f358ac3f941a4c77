import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { DuckDBInstance } from "@duckdb/node-api";
import { ErrorInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { Format, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { type ReportClient, reportNameOf } from "../../src/client.ts";
import { createOne } from "../calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";

type Type = "csv" | "json" | "ndjson" | "parquet";
type Hostile = {
  readonly title: string;
  readonly type: Type;
  readonly bytes: () => Buffer | Promise<Buffer>;
  readonly reason: "INPUT_INVALID" | "OUT_OF_MEMORY" | "TOO_MANY_ROWS";
  readonly says?: RegExp;
};

const mediaTypes: Readonly<Record<Type, string>> = {
  csv: "text/csv",
  json: "application/json",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
};
const goodCsv = "region,target\neu,7\n";
const goodLine = '{"region":"eu","target":7}\n';
const aMegabyteEach = "select repeat('x', 1000000) as region, 7 as target from range(4000)";
const invalidUtf8 = Buffer.from([0xff, 0xfe, 0xc0]);
const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

const hostile: readonly Hostile[] = [
  {
    title: "4 KB of Parquet that are twenty million rows",
    type: "parquet",
    bytes: () => parquetOf("select 'eu' as region, 7 as target from range(20000000)", "row_group_size 20000000"),
    reason: "OUT_OF_MEMORY",
  },
  {
    title: "3 KB of Parquet in zstd that are 4 GB of text",
    type: "parquet",
    bytes: () => parquetOf(aMegabyteEach, "compression zstd"),
    reason: "OUT_OF_MEMORY",
  },
  {
    title: "the same in snappy",
    type: "parquet",
    bytes: () => parquetOf(aMegabyteEach, "compression snappy"),
    reason: "OUT_OF_MEMORY",
  },
  {
    title: "16 KB of Parquet that are one text of half a gigabyte",
    type: "parquet",
    bytes: () => parquetOf("select repeat('x', 500000000) as region, 7 as target", "compression zstd"),
    reason: "OUT_OF_MEMORY",
  },
  {
    title: "Parquet without its beginning",
    type: "parquet",
    bytes: async () => (await parquetOf("select 'eu' as region, 7 as target", "compression zstd")).fill(0xff, 4, 60),
    reason: "INPUT_INVALID",
  },
  {
    title: "Parquet without its end",
    type: "parquet",
    bytes: async () => (await parquetOf("select 'eu' as region, 7 as target", "compression zstd")).subarray(0, 100),
    reason: "INPUT_INVALID",
    says: /no application\/vnd.apache.parquet/,
  },
  {
    title: "CSV of a million columns",
    type: "csv",
    bytes: () => Buffer.from(`${"a,".repeat(1_000_000)}a\n`),
    reason: "INPUT_INVALID",
    says: /a line of more than 2000000 bytes/,
  },
  {
    title: "CSV of one line of 50 MB",
    type: "csv",
    bytes: () => Buffer.alloc(50_000_000, "a"),
    reason: "INPUT_INVALID",
    says: /a line of more than 2000000 bytes/,
  },
  {
    title: "a megabyte of zeros for CSV",
    type: "csv",
    bytes: () => Buffer.alloc(1_000_000),
    reason: "INPUT_INVALID",
    says: /it holds a zero byte/,
  },
  {
    title: "CSV with a quote that is never closed",
    type: "csv",
    bytes: () => Buffer.from(`region,target\n"${"a\n".repeat(2_000_000)}`),
    reason: "INPUT_INVALID",
  },
  {
    title: "CSV that is wrong far behind what its types are guessed by",
    type: "csv",
    bytes: () => Buffer.from(`region,target\n${"eu,7\n".repeat(100_000)}eu,many\n`),
    reason: "INPUT_INVALID",
    says: /^the upload targets is no text\/csv: .*Line: 100002: Error when converting column "target"/,
  },
  {
    title: "CSV that is not UTF-8, far behind that",
    type: "csv",
    bytes: () => Buffer.concat([Buffer.from(goodCsv.replace("eu,7\n", "eu,7\n".repeat(100_000))), invalidUtf8]),
    reason: "INPUT_INVALID",
  },
  {
    title: "CSV of other columns",
    type: "csv",
    bytes: () => Buffer.from("a,b\n1,2\n"),
    reason: "INPUT_INVALID",
    says: /cannot be made of targets: .*"region" not found/,
  },
  {
    title: "CSV of two million rows",
    type: "csv",
    bytes: () => Buffer.from(`region,target\n${"eu,7\n".repeat(2_000_000)}`),
    reason: "TOO_MANY_ROWS",
  },
  { title: "gzip for CSV", type: "csv", bytes: () => gzipSync(Buffer.alloc(1_000_000)), reason: "INPUT_INVALID" },
  {
    title: "JSON of a million lists in each other",
    type: "json",
    bytes: () => Buffer.from(`[{"region":${nested(1_000_000, "[", "]")},"target":7}]`),
    reason: "INPUT_INVALID",
    says: /more than 64 levels deep/,
  },
  {
    title: "JSON of a million objects in each other that never end",
    type: "json",
    bytes: () => Buffer.from(`[${'{"a":'.repeat(1_000_000)}`),
    reason: "INPUT_INVALID",
    says: /more than 64 levels deep/,
  },
  {
    title: "JSON of a hundred thousand columns",
    type: "json",
    bytes: () => Buffer.from(`[{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`).join(",")}}]`),
    reason: "INPUT_INVALID",
  },
  {
    title: "JSON with one text of 50 MB",
    type: "json",
    bytes: () => Buffer.from(`[{"region":"${"a".repeat(50_000_000)}","target":7}]`),
    reason: "INPUT_INVALID",
    says: /maximum_object_size/,
  },
  {
    title: "JSON that is not UTF-8",
    type: "json",
    bytes: () => Buffer.concat([Buffer.from('[{"region":"'), invalidUtf8, Buffer.from('","target":7}]')]),
    reason: "INPUT_INVALID",
    says: /^the upload targets is no application\/json: .*"targets"/,
  },
  { title: "CSV for JSON", type: "json", bytes: () => Buffer.from(goodCsv), reason: "INPUT_INVALID" },
  {
    title: "NDJSON of one line without an end",
    type: "ndjson",
    bytes: () => Buffer.from(`{"region":"${"a".repeat(50_000_000)}`),
    reason: "INPUT_INVALID",
  },
  {
    title: "NDJSON that is deep far behind what its types are guessed by",
    type: "ndjson",
    bytes: () => Buffer.from(`${goodLine.repeat(100_000)}{"region":${nested(1_000_000, "[", "]")},"target":7}\n`),
    reason: "INPUT_INVALID",
    says: /more than 64 levels deep/,
  },
  {
    title: "NDJSON that is wrong far behind that",
    type: "ndjson",
    bytes: () => Buffer.from(`${goodLine.repeat(100_000)}{no json\n`),
    reason: "INPUT_INVALID",
    says: /^the upload targets is no application\/x-ndjson: .*line 100002/,
  },
  { title: "CSV for Parquet", type: "parquet", bytes: () => Buffer.from(goodCsv), reason: "INPUT_INVALID" },
];

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
let duckdb: DuckDBInstance;
before(async () => {
  data = await temporaryDirectory();
  duckdb = await DuckDBInstance.create(":memory:", { threads: "1" });
  server = await startServer(data.path, ["--concurrency", "sql=2,javascript=1"], shortOfMemory);
});
after(async () => {
  duckdb.closeSync();
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

for (const { title, type, bytes, reason, says } of hostile) {
  test(`${title}: ${reason}, in bounded memory, and others' reports go on`, async () => {
    const { client } = server;
    const name = await reportOn(client, "copied", await upload(client, type, await bytes()));
    using memory = watchMemory(server.process.pid);
    const ended = client.waitForEnd(name, { timeoutMs: 90_000 });
    const beside = await client.waitForEnd(await createOne(client, "wide", { rows: 1 }, "tenants/other"));
    assert.equal(beside.state, State.SUCCEEDED, beside.error?.message);

    const { state, error, attempts } = await ended;
    assert.deepEqual([state, reasonOf(error), attempts.length], [State.FAILED, reason, 1], error?.message);
    if (says) assert.match(error?.message ?? "", says);
    assert.ok(!error?.message.includes(data.path), error?.message);
    const { ofServer, ofWorker } = memory.highest();
    assert.ok(ofServer < 400, `the server had ${ofServer} MB`);
    // 128 MB of the kind, 700 of a worker itself, and what it takes between two looks at it.
    assert.ok(ofWorker < 1_500, `a worker had ${ofWorker} MB`);
  });
}

test("after all of that, and twenty more, uploads of every type are read, and no kind is shut", async () => {
  const { client } = server;
  const good: Readonly<Record<Type, Buffer>> = {
    csv: Buffer.from(goodCsv),
    json: Buffer.from(`[${goodLine}]`),
    ndjson: Buffer.from(goodLine),
    parquet: await parquetOf("select 'eu' as region, 7 as target", "compression zstd"),
  };
  const csv = await upload(client, "csv", good.csv);
  for (let turn = 0; turn < 20; turn++) await client.waitForEnd(await reportOn(client, "copied", csv));
  for (const type of ["csv", "json", "ndjson", "parquet"] as const) {
    const name = await reportOn(client, "copied", await upload(client, type, good[type]));
    const { state, error } = await client.waitForEnd(name);
    assert.equal(state, State.SUCCEEDED, `${type}: ${error?.message}`);
    assert.equal((await client.fetchReport(name, Format.CSV)).toString(), goodCsv);
  }
});

test("code whose query cannot read an upload ends as a query does", async () => {
  const { client } = server;
  const late = await upload(client, "csv", Buffer.from(`region,target\n${"eu,7\n".repeat(100_000)}eu,many\n`));
  const { error } = await client.waitForEnd(await reportOn(client, "targets", late), { timeoutMs: 60_000 });
  assert.equal(reasonOf(error), "INPUT_INVALID", error?.message);
  assert.match(error?.message ?? "", /^the upload targets is no text\/csv/);
});

async function parquetOf(query: string, options: string): Promise<Buffer> {
  const path = join(data.path, "made.parquet");
  const connection = await duckdb.connect();
  await connection.run(`copy (${query}) to '${path}' (format parquet, ${options})`);
  connection.closeSync();
  return readFile(path);
}

async function upload(client: ReportClient, type: Type, bytes: Buffer): Promise<string> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: mediaTypes[type], sizeBytes: BigInt(bytes.length), sha256 };
  const { value } = await client.createUpload(announced);
  const put = await fetch(value.putUrl, { method: "PUT", headers: value.headers, body: Uint8Array.from(bytes) });
  assert.equal(put.status, 200, await put.text());
  await client.completeUpload(value.name);
  return value.name;
}

async function reportOn(client: ReportClient, kind: string, uploaded: string): Promise<string> {
  const report = { kind: `reportKinds/${kind}`, uploads: [uploaded] };
  return reportNameOf((await client.createReport({ parent: "tenants/acme", report })).value);
}

function reasonOf(error: Report["error"]): string | undefined {
  return error?.details.map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason).find((reason) => reason);
}

/** The most that a server and any of its workers have had, as of often enough. */
function watchMemory(pid: number | undefined) {
  let [ofServer, ofWorker] = [0, 0];
  // A process that has just died has no memory, or is not there.
  async function look(): Promise<void> {
    ofServer = Math.max(ofServer, await residentMegabytes(pid));
    for (const child of await childrenOf(pid))
      ofWorker = Math.max(ofWorker, (await residentMegabytes(child).catch(() => 0)) || 0);
  }
  const looking = setInterval(() => void look().catch(() => {}), 20);
  return { highest: () => ({ ofServer, ofWorker }), [Symbol.dispose]: () => clearInterval(looking) };
}

/** A process has those that each of its threads has started. */
async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const lists = (await readdir(`/proc/${pid}/task`)).map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/children`, "utf8"),
  );
  return (await Promise.all(lists)).flatMap((list) => list.trim().split(" ").filter(Boolean).map(Number));
}
