import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import readExcel from "read-excel-file/node";
import { extractText, getDocumentProxy, getMeta } from "unpdf";
import { temporaryDirectory } from "../../../test/server-process.ts";
import type { Format } from "../../model/report.ts";
import { openTable, type Table } from "./columns.ts";
import type { FormatAbout } from "./format-about.ts";
import { writeFormat } from "./write-format.ts";
import { pdfRows } from "./write-pdf.ts";
import { writeXlsx } from "./write-xlsx.ts";

const about: FormatAbout = {
  title: "Sales by region",
  parameters: { from: "2026-01-01", region: null, limit: 5 },
  timeMs: Date.UTC(2026, 10, 21, 10, 30),
};
const every: readonly Format[] = ["csv", "json", "ndjson", "parquet", "pdf", "xlsx"];

// One row of all that columns can hold, and one without.
const oddRows = `
  select * from (values
    (1, 9223372036854775807::bigint, 12345678901234567890.12::decimal(38, 2), 1234.50::decimal(38, 2), 0.1::float,
     'nan'::double, true, date '2026-01-31', timestamp '2026-01-31 12:34:56.789', timestamptz '2026-01-31 12:00:00+02',
     'שלום "x", =1+1' || chr(10) || '😀 日本 _x0041_' || chr(11) || chr(1) || chr(65534), [1.5, null], blob '\\xAA'),
    (2, null, null, null, null, '-inf'::double, false, date '1800-01-01', null, null, '', null, null)
  ) t(id, big, wide, money, small, odd, flag, day, moment, zoned, text, list, bytes)`;

test("every format holds every type, missing values and hostile text", async () => {
  await using place = await tableOf(oddRows);
  const files = await place.writeAll();

  const csv = (await readFile(files.csv, "utf8")).split("\n");
  assert.equal(csv[0], "id,big,wide,money,small,odd,flag,day,moment,zoned,text,list,bytes");
  assert.match(csv[1] ?? "", /^1,9223372036854775807,12345678901234567890.12,1234.50,0.1,nan,true,2026-01-31,/);
  assert.match(csv[1] ?? "", /,2026-01-31 12:34:56.789,2026-01-31 10:00:00\+00,"שלום ""x"", =1\+1$/);
  assert.match(csv.at(-2) ?? "", /^2,,,,,-inf,false,1800-01-01,,,"",,$/);

  for (const rows of [
    JSON.parse(await readFile(files.json, "utf8")),
    (await readFile(files.ndjson, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ] as Record<string, unknown>[][]) {
    assert.equal(rows.length, 2);
    assert.deepEqual([rows[0]?.["odd"], rows[1]?.["odd"], rows[0]?.["small"]], ["NaN", "-Infinity", Math.fround(0.1)]);
    assert.deepEqual([rows[0]?.["zoned"], rows[0]?.["list"]], ["2026-01-31 10:00:00+00", [1.5, null]]);
    assert.deepEqual([rows[1]?.["text"], rows[1]?.["big"], rows[1]?.["flag"]], ["", null, false]);
  }
  // As text: JSON.parse would round it.
  assert.match(await readFile(files.json, "utf8"), /"big":9223372036854775807,"wide":12345678901234567890\.12,/);

  await using reader = await tableOf(`from read_parquet('${files.parquet}')`);
  const lost = `(from "result" except all (${oddRows})) union all ((${oddRows}) except all from "result")`;
  assert.equal((await reader.connection.runAndReadAll(lost)).currentRowCount, 0, "Parquet is read back as it was");
});

test("a workbook has numbers, days and truths as such, and what Excel would round as text", async () => {
  await using place = await tableOf(oddRows);
  const [sheet] = await readExcel((await place.writeAll()).xlsx);
  const [header, one, two] = sheet?.data ?? [];
  assert.deepEqual(header?.slice(0, 4), ["id", "big", "wide", "money"]);
  assert.deepEqual(one?.slice(0, 7), [1, "9223372036854775807", "12345678901234567890.12", 1234.5, 0.1, "nan", true]);
  const days = one?.slice(7, 10).map((value) => (value as unknown as Date).toISOString());
  assert.deepEqual(days, ["2026-01-31T00:00:00.000Z", "2026-01-31T12:34:56.789Z", "2026-01-31T10:00:00.000Z"]);
  assert.match(String(one?.[10]), /^שלום "x", =1\+1\n😀 日本 /);
  assert.deepEqual(two?.slice(0, 8), [2, null, null, null, null, "-inf", false, "1800-01-01"]);
});

test("a document for people says what it is about, on every page which, and what its font cannot show", async () => {
  await using place = await tableOf(`from (${oddRows}) select id, money, day, text union all
    select range + 3, range * 1.5, date '2026-01-01', 'row ' || range || repeat(' and more', 60) from range(40)`);
  const { pdf } = await place.writeAll();
  const document = await getDocumentProxy(new Uint8Array(await readFile(pdf)));
  const { text: pages } = await extractText(document);
  const { info } = await getMeta(document);
  assert.equal(info["Title"], "Sales by region");
  const first = pages[0] ?? "";
  for (const part of [
    "Sales by region",
    "2026-11-21 10:30:00 UTC, 42 rows",
    "from: 2026-01-01",
    "limit: 5",
    "1234.50",
  ]) {
    assert.ok(first.includes(part), `${part} is not in ${first}`);
  }
  assert.ok(!first.includes("region: null"));
  assert.ok(first.includes("שלום"), "Hebrew can be searched for");
  assert.ok(first.includes("😀") && first.includes("□"), first);
  assert.ok(pages.length > 2);
  pages.forEach((page, index) => {
    assert.match(page, /id money day text/, "the header is repeated");
    assert.match(page, new RegExp(`\\b${index + 1}$`, "m"));
  });
  const last = pages.at(-1) ?? "";
  assert.match(last, /□ stands for 4 characters .* Other formats have all of it\./s);
  assert.match(last, /… stands for the rest of 40 texts/);
});

test("what a title cannot show is counted once", async () => {
  await using place = await tableOf("select 1 as id");
  const path = join(place.directory, "titled.pdf");
  await writeFormat(place.table, "pdf", path, { ...about, title: "日本" });
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(await readFile(path))), {
    mergePages: true,
  });
  assert.match(text, /□ stands for 2 characters/);
});

test("equal rows make equal bytes, whatever the time zone of the machine", async () => {
  await using one = await tableOf(oddRows, "America/New_York");
  await using two = await tableOf(oddRows, "Asia/Kathmandu");
  const [ones, twos] = [await one.writeAll(), await two.writeAll()];
  for (const format of every) assert.equal(await hashOf(ones[format]), await hashOf(twos[format]), format);
});

test("a table without rows has its columns in every format that names them", async () => {
  await using place = await tableOf("select 1 as id, 'x' as name limit 0");
  const files = await place.writeAll();
  assert.equal(await readFile(files.csv, "utf8"), "id,name\n");
  assert.deepEqual(JSON.parse(await readFile(files.json, "utf8")), []);
  assert.equal(await readFile(files.ndjson, "utf8"), "");
  assert.deepEqual((await readExcel(files.xlsx))[0]?.data, [["id", "name"]]);
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(await readFile(files.pdf))), {
    mergePages: true,
  });
  assert.match(text, /0 rows.*id name/s);
});

test("columns with odd names are written like others", async () => {
  await using place = await tableOf(`select 1 as "a ""b"" <c>", 2 as "select", 3 as "📦", 4 as "_x0041_"`);
  const files = await place.writeAll();
  assert.match(await readFile(files.csv, "utf8"), /^"a ""b"" <c>",select,📦,_x0041_\n1,2,3,4\n$/);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(files.json, "utf8"))[0]), [
    'a "b" <c>',
    "select",
    "📦",
    "_x0041_",
  ]);
  assert.deepEqual((await readExcel(files.xlsx))[0]?.data[1], [1, 2, 3, 4]);
});

test("more rows than a sheet holds go on in the next one, under the same header", async () => {
  await using place = await tableOf("select range as id from range(25)");
  const path = join(place.directory, "split.xlsx");
  await writeXlsx(place.table, path, () => {}, 11);
  const sheets = await readExcel(path);
  assert.deepEqual(
    sheets.map(({ sheet, data }) => [sheet, data.length, data[0]?.[0], data[1]?.[0]]),
    [
      ["Report", 11, "id", 0],
      ["Report_2", 11, "id", 10],
      ["Report_3", 6, "id", 20],
    ],
  );
});

test("a workbook is ZIP64 only where it might need more than 4 GiB: not every reader knows that", async () => {
  for (const [characters, zip64] of [
    [32_000, true],
    [100, false],
  ] as const) {
    const sql = `select range as id, if(range = 7, repeat('x', ${characters}), '') as text from range(20000)`;
    await using place = await tableOf(sql);
    await place.write("xlsx");
    const bytes = await readFile(join(place.directory, "result.xlsx"));
    // The end of central directory record of ZIP64: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14
    assert.equal(bytes.includes("PK\x06\x06", 0, "latin1"), zip64);
  }
});

const unfit: readonly {
  readonly title: string;
  readonly sql: string;
  readonly format: Format;
  readonly says: RegExp;
}[] = [
  {
    title: "more rows than people read",
    sql: `select range as id from range(${pdfRows + 1})`,
    format: "pdf",
    says: /^20001 rows; PDF takes at most 20000: use XLSX, CSV or Parquet$/,
  },
  {
    title: "more columns than a page is wide",
    sql: `select ${Array.from({ length: 60 }, (_, index) => `${index} as column_${index}`).join(", ")}`,
    format: "pdf",
    says: /^60 columns do not fit on a page/,
  },
  {
    title: "a text that no cell holds",
    sql: "select repeat('x', 32768) as essay",
    format: "xlsx",
    says: /^a text of 32768 characters in "essay"; a cell holds 32767: use CSV/,
  },
  {
    title: "a NaN inside a list",
    sql: "select ['nan'::double] as list",
    format: "ndjson",
    says: /^JSON has no NaN or infinity, which "list" holds/,
  },
];

for (const { title, sql, format, says } of unfit) {
  test(`${title} is refused as ${format}, saying what to do`, async () => {
    await using place = await tableOf(sql);
    const written = await place.write(format);
    assert.ok(written.kind === "failed", JSON.stringify(written));
    assert.match(written.message, says);
  });
}

for (const format of ["xlsx", "pdf"] as const) {
  test(`writing ${format} ends at once when told so, and leaves the connection usable`, async () => {
    await using place = await tableOf("select range as id, md5(range::varchar) as text from range(20000)");
    let told = 0;
    const stop = () => {
      told++;
      throw new Error("stop");
    };
    await assert.rejects(place.write(format, stop), /^Error: stop$/);
    assert.equal(told, 1);
    await place.connection.run("drop table temp.result");
  });
}

type Place = {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly table: Table;
  write(format: Format, onProgress?: (rows: number) => void): ReturnType<typeof writeFormat>;
  writeAll(): Promise<Readonly<Record<Format, string>>>;
} & AsyncDisposable;

async function tableOf(sql: string, timeZone = "UTC"): Promise<Place> {
  const directory = await temporaryDirectory();
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run(`set TimeZone = '${timeZone}'`);
  const made = await connection.run(`create temp table result as ${sql}`);
  const table = await openTable(connection, "temp.result", Number(made.getChunk(0).getRows()[0]?.[0]));
  const pathOf = (format: Format) => join(directory.path, `result.${format}`);
  const write: Place["write"] = (format, onProgress) => writeFormat(table, format, pathOf(format), about, onProgress);
  return {
    ...{ connection, table },
    directory: directory.path,
    write,
    async writeAll() {
      for (const format of every) assert.deepEqual(await write(format), { kind: "written" });
      return Object.fromEntries(every.map((format) => [format, pathOf(format)])) as Record<Format, string>;
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
