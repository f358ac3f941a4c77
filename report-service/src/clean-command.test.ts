import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cancel, report } from "../test/contract/place.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { openStore } from "./sqlite/open-store.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const longAgoMs = Date.now() - 100 * 86_400_000;
const run = promisify(execFile);

test("a dry run says what it would clean, and two processes that clean at once share it", async () => {
  await using data = await temporaryDirectory();
  await makeBacklog(data.path, 400);
  const orphan = await writeOld(data.path, "acme/gone/1/report.csv");
  const dry = await cleanCommand(data.path, "--dry-run");
  assert.deepEqual(dry, [
    "would clean 400 reports whose time is over, with their bytes: tenants/acme/reports/r0, tenants/acme/reports/r1, tenants/acme/reports/r2 and more",
    "would clean 1 objects that no report or upload names (1 bytes): acme/gone/1",
  ]);
  assert.ok(existsSync(orphan));

  const both = await Promise.all([cleanCommand(data.path), cleanCommand(data.path)]);
  const counted = both.flat().flatMap((line) => /^cleaned (\d+) reports whose time is over/.exec(line)?.[1] ?? []);
  assert.equal(
    counted.reduce((sum, count) => sum + Number(count), 0),
    400,
  );
  assert.deepEqual(await readdir(join(data.path, "objects/acme/gone")), []);
  await cleanCommand(data.path);
  assert.deepEqual(await cleanCommand(data.path), ["nothing to clean"]);
});

test("a server of the role cleaner cleans by itself, and counts what", async () => {
  await using data = await temporaryDirectory();
  await makeBacklog(data.path, 3);
  const orphan = await writeOld(data.path, "acme/uploads/gone");
  await using server = await startServer(data.path, ["--clean-every", "1s", "--metrics", "127.0.0.1:0"]);
  const metrics = async () => (await fetch(`http://${server.metrics}/metrics`)).text();
  while (existsSync(orphan)) await metrics();
  let text = await metrics();
  while (!text.includes('report_cleaned_total{what="orphans"} 1')) text = await metrics();
  assert.match(text, /report_clean_last_success_timestamp_seconds \d+/);
});

async function makeBacklog(data: string, count: number): Promise<void> {
  using store = openStore(join(data, "reports.db"));
  const many = Array.from({ length: count }, (_, index) => report(`r${index}`, longAgoMs, { retentionMs: 1 }));
  await store.reports.create(
    many.map((each) => ({ report: each })),
    { queue: 2 * count, tenant: 2 * count },
  );
  await store.reports.changeAll(
    many.map((key) => ({ key, change: cancel })),
    longAgoMs,
  );
}

async function writeOld(data: string, key: string): Promise<string> {
  const path = join(data, "objects", key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "x");
  await utimes(path, longAgoMs / 1000, longAgoMs / 1000);
  return path;
}

/** The lines that the command wrote. */
async function cleanCommand(data: string, ...flags: readonly string[]): Promise<readonly string[]> {
  const args = ["clean", "--data", data, "--locality", "dc-a/z1", ...flags];
  return (await run(process.execPath, [main, ...args])).stdout.trim().split("\n");
}
