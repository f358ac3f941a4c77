import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Format, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "@weir/report-service/test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { startLine } from "../../../../test/kit/line.ts";
import { startProcess } from "../../../../test/kit/process.ts";
import { runCommand } from "../testing.ts";

// Of `wide`: 18 MB, and 200 MB.
const small = { rows: 500_000 };
const large = { rows: 250_000, times: 25 };

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
let report: Report;
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path);
  report = await made(small);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

test("a fetch whose connection breaks for good keeps what came, and the same command goes on from there", async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, "wide.csv");
  const csv = csvOf(report);
  const mostBytes = Number(csv.sizeBytes) / 2;
  let passed = 0;
  await using line = await startLine(
    () => server.address,
    (client, upstream) => {
      client.pipe(upstream);
      upstream.on("data", (bytes: Buffer) => {
        passed += bytes.length;
        if (passed > mostBytes) line[Symbol.asyncDispose]();
        else client.write(bytes);
      });
    },
  );
  const broken = await fetch(line.address, report, file);
  assert.equal(broken.code, 2);
  assert.match(broken.err, /\.part: \d+\.\d MiB are kept, from where the same command goes on\n.*UNAVAILABLE/s);
  const [part = "", ...others] = await readdir(folder.path);
  assert.deepEqual(others, [], "nothing but the part is there");
  const kept = (await readFile(join(folder.path, part))).length;
  assert.ok(kept > mostBytes / 2, `${kept} bytes of ${csv.sizeBytes} are kept`);

  passed = 0;
  await using whole = await startLine(
    () => server.address,
    (client, upstream) => {
      client.pipe(upstream);
      upstream.on("data", (bytes: Buffer) => {
        passed += bytes.length;
        client.write(bytes);
      });
    },
  );
  const done = await fetch(whole.address, report, file);
  assert.equal(done.code, 0, done.err);
  assert.equal(await sha256Of(file), csv.sha256);
  assert.deepEqual(await readdir(folder.path), ["wide.csv"]);
  const rest = Number(csv.sizeBytes) - kept;
  assert.ok(passed < rest * 1.05, `${passed} bytes came for the ${rest} that were missing`);
});

test("a part that is not of the report as it is now is fetched anew", async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, "wide.csv");
  const csv = csvOf(report);
  for (const wrong of ["of another making", "x".repeat(Number(csv.sizeBytes) + 1)]) {
    await writeFile(`${file}.${report.name.split("/").at(-1)}-csv.part`, wrong);
    const { code, err } = await fetch(server.address, report, file);
    assert.equal(code, 0, err);
    assert.equal(await sha256Of(file), csv.sha256);
    assert.deepEqual(await readdir(folder.path), ["wide.csv"]);
  }
});

test("what cannot be fetched leaves nothing, and what is there as it was", async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, "wide.csv");
  await writeFile(file, "yesterday's");
  const unknown = { ...report, name: `${report.name}x` };
  assert.match((await fetch(server.address, unknown, file)).err, /NOT_FOUND/);
  assert.deepEqual(await readdir(folder.path), ["wide.csv"]);
  assert.equal(await readFile(file, "utf8"), "yesterday's");
  const nowhere = await fetch(server.address, report, join(folder.path, "none", "wide.csv"));
  assert.match(nowhere.err, /^error: --to: .*\.part cannot be written: ENOENT/);
});

test("a terminal shows how much has come, and nothing of that stays", async () => {
  await using folder = await temporaryDirectory();
  const { err } = await fetch(server.address, report, join(folder.path, "wide.csv"), true);
  const [last, ...shown] = err.split("\r\u001b[K").reverse();
  assert.match(last ?? "", /^\S+wide\.csv: \d+\.\d MiB\n$/);
  assert.match(shown.join(), /\d+\.\d [KM]iB of \d+\.\d MiB, \d+ %/);
});

test("a fetch holds as little of a large report as of a small one", async () => {
  await using folder = await temporaryDirectory();
  const huge = await made(large);
  assert.ok(csvOf(huge).sizeBytes > 190_000_000n);
  const peaks: number[] = [];
  for (const each of [report, huge]) {
    const file = join(folder.path, "wide.csv");
    peaks.push(await peakMiBOfFetch(each, file));
    assert.equal(await sha256Of(file), csvOf(each).sha256);
  }
  const [ofSmall = 0, ofLarge = Number.POSITIVE_INFINITY] = peaks;
  assert.ok(ofLarge - ofSmall < 48, `${ofSmall} MiB for the small one, ${ofLarge} MiB for the large one`);
});

async function made(parameters: Readonly<Record<string, number>>): Promise<Report> {
  const done = await server.client.waitForEnd(await createOne(server.client, "wide", parameters), {
    timeoutMs: 120_000,
  });
  assert.equal(done.state, State.SUCCEEDED, done.error?.message);
  return done;
}

function csvOf({ artifacts }: Report) {
  const csv = artifacts.find(({ format }) => format === Format.CSV);
  assert.ok(csv);
  return csv;
}

function fetch(address: string, { name }: Pick<Report, "name">, file: string, isTerminal = false) {
  const env = { WEIR_REPORTS: address };
  return runCommand(["report", "fetch", name, "--to", file], { env, isTerminal });
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest("hex");
}

/** Of a `weir` in a process of its own, as people run it. */
async function peakMiBOfFetch({ name }: Report, file: string): Promise<number> {
  const told = 'process.on("exit", () => console.log(JSON.stringify({ peakKiB: process.resourceUsage().maxRSS })))';
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  await using child = startProcess({
    name: "weir",
    command: process.execPath,
    args: ["--import", `data:text/javascript,${told}`, main, "report", "fetch", name, "--to", file],
    env: { WEIR_REPORTS: server.address },
  });
  const { peakKiB } = await child.json((value) => "peakKiB" in value, 120_000);
  return Math.round(Number(peakKiB) / 1024);
}
