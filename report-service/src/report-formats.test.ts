import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { CreateReportRequest_Reuse, Format } from "@weir/proto/report/v1/report_pb.ts";
import readExcel from "read-excel-file/node";
import { extractText, getDocumentProxy } from "unpdf";
import { createOne } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { ReportCallError, reportNameOf } from "./client.ts";

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

test("a report comes in every format, each with its media type, size, rows and hash", async () => {
  const name = await createOne(server.client, "printed", { rows: 2, text: "north" });
  const { artifacts } = await server.client.waitForEnd(name);
  assert.deepEqual(
    artifacts.map(({ format, mediaType }) => [format, mediaType]),
    [
      [Format.CSV, "text/csv; charset=utf-8; header=present"],
      [Format.JSON, "application/json"],
      [Format.NDJSON, "application/x-ndjson"],
      [Format.PARQUET, "application/vnd.apache.parquet"],
      [Format.PDF, "application/pdf"],
      [Format.XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    ],
  );
  for (const { format, sizeBytes, rowCount, sha256 } of artifacts) {
    const bytes = await server.client.fetchReport(name, format);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
    assert.deepEqual([bytes.length, rowCount], [Number(sizeBytes), 2n]);
  }
});

const hostile: readonly { readonly title: string; readonly text: string }[] = [
  { title: "SQL", text: "'; drop table result; copy sales to '/tmp/x'; --" },
  { title: "a formula", text: '=cmd|"/c calc"!A1' },
  { title: "markup", text: '</t></is></c><script>alert(1)</script>&amp;<![CDATA[ "' },
  { title: "what PDF is made of", text: ") Tj ET endstream endobj (\\\\" },
  { title: "text that turns the line round", text: "\u202egnp.exe \u2066a\u2069 שלום (1) مرحبا" },
  { title: "text without a letter", text: "\u200b\ufeff\u0000\u0001\u001f\u007f\u0085\ufffe\uffff" },
  { title: "letters of many planes", text: "e\u0301\u0302\u0303 👩‍👩‍👧 🏳️‍🌈 𝒳 日本 \u{10ffff}" },
  { title: "a mountain of accents", text: `Z${"\u0351\u036b\u0343".repeat(1_000)}` },
  { title: "one word of thirty thousand letters", text: "x".repeat(30_000) },
  { title: "ten thousand lines", text: "\n".repeat(10_000) },
];

for (const { title, text } of hostile) {
  test(`${title} is data in every format`, async () => {
    const { client } = server;
    const name = await createOne(client, "printed", { rows: 1, text });
    const report = await client.waitForEnd(name);
    assert.equal(report.error?.message, undefined);
    const bytesOf = (format: Format) => client.fetchReport(name, format);
    assert.equal(JSON.parse((await bytesOf(Format.JSON)).toString())[0].text, text);
    assert.equal(JSON.parse((await bytesOf(Format.NDJSON)).toString()).text, text);
    for (const [format, reader] of [
      [Format.CSV, "read_csv"],
      [Format.PARQUET, "read_parquet"],
    ] as const) {
      const path = join(data.path, `read-${reader}`);
      await writeFile(path, await bytesOf(format));
      const options = format === Format.CSV ? ", header = true, all_varchar = true, max_line_size = 1000000" : "";
      const connection = await (await DuckDBInstance.create(":memory:")).connect();
      const read = await connection.runAndReadAll(`select text from ${reader}('${path}'${options})`);
      assert.equal(read.value(0, 0), text, reader);
      connection.closeSync();
    }
    const [sheet] = await readExcel(await bytesOf(Format.XLSX), { trim: false });
    assert.deepEqual([sheet?.data.length, sheet?.data[1]?.[0]], [2, 0]);
    assert.equal(unescaped(String(sheet?.data[1]?.[1])), text, "XLSX");
    const document = await getDocumentProxy(new Uint8Array(await bytesOf(Format.PDF)));
    assert.match((await extractText(document, { mergePages: true })).text, /Printed.*1 row/s);
  });
}

test("a sensitive parameter is not printed", async () => {
  const name = await createOne(server.client, "printed", { rows: 1, text: "open", secret: "hush-hush" });
  const { artifacts } = await server.client.waitForEnd(name);
  assert.equal(artifacts.length, 6);
  const pdf = await getDocumentProxy(new Uint8Array(await server.client.fetchReport(name, Format.PDF)));
  const { text } = await extractText(pdf, { mergePages: true });
  assert.match(text, /text: open/);
  assert.doesNotMatch(text, /hush|secret:/);
});

test("what does not go into one of the formats fails the report and says what to do", async () => {
  const name = await createOne(server.client, "printed", { rows: 20_001 });
  const { error } = await server.client.waitForEnd(name);
  assert.equal(error?.message, "20001 rows; PDF takes at most 20000: use XLSX, CSV or Parquet");
});

test("a report that is cancelled while its workbook is written leaves its worker to the next one", async () => {
  const { client } = server;
  const parameters = { rows: 1_000_000, text: "x".repeat(200) };
  // Where the disk holds up the server, the workbook may be there before anybody has been told that it is being written.
  while (await endsBefore(cancelled));
  const next = await createOne(client, "printed", { rows: 1 });
  assert.equal((await client.waitForEnd(next)).attempts.length, 1);
  assert.doesNotMatch(server.log(), /WORKER_LOST/);

  async function cancelled(): Promise<void> {
    const report = { kind: "reportKinds/printed", parameters, formats: [Format.XLSX] };
    const order = { parent: "tenants/acme", report, reuse: CreateReportRequest_Reuse.NEVER };
    const name = reportNameOf((await client.createReport(order)).value);
    for await (const event of client.watchReport({ name }, { timeoutMs: 60_000 })) {
      if (event.report?.progress?.stage === "render" && event.report.progress.rows < 1_000_000n) break;
    }
    await client.cancelReport({ name });
  }
});

/** Whether a report had ended before something was done to it. */
async function endsBefore(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return false;
  } catch (error) {
    if (error instanceof ReportCallError && error.reason === "REPORT_ENDED") return true;
    throw error;
  }
}

/** What XML cannot hold is written as Excel does (ECMA-376 part 1, 22.9.2.19), which this reader leaves to others. */
function unescaped(text: string): string {
  return text.replace(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
