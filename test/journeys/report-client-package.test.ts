import assert from "node:assert/strict";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { packPackage } from "../../setup/packages/pack-package.ts";
import { reportClientPackage } from "../../setup/packages/report-client.ts";
import { compile, npm } from "../../setup/packages/run-tool.ts";
import { exampleIn } from "../../setup/packages/section-of.ts";
import { type Folder, makeFolder } from "../kit/folder.ts";
import { startProcess } from "../kit/process.ts";
import { startReportServer } from "../kit/report-server.ts";

/** Strict, and the declarations of what is installed are checked as well. */
const compilerOptions = {
  ...{ target: "es2024", lib: ["es2024", "esnext.disposable"], module: "nodenext", types: ["node"], noEmit: true },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
  skipLibCheck: false,
};

/** What must not fit. */
const typed = `
import { credentials } from "@grpc/grpc-js";
import { type Answer, createReportClient, type ReadOptions, type ReportClient } from "@weir/report-client";
import { Format, type Report } from "@weir/report-client/proto/report/v1/report_pb.js";

const reports: ReportClient = createReportClient("127.0.0.1:1", credentials.createInsecure());
export const report: Promise<Answer<Report>> = reports.getReport("tenants/a/reports/b", { timeoutMs: 100 }, ["state"]);
export const read: ReadOptions = { held: (async function* () { yield new Uint8Array(); })() };
// @ts-expect-error: a format is one of the enum's
reports.fetchReport("tenants/a/reports/b", "csv");
export const bytes: Promise<Buffer> = reports.fetchReport("tenants/a/reports/b", Format.CSV);
// @ts-expect-error: what is inside is not for import
await import("@weir/report-client/client/calls.js");
`;

test("the client is installed from its package, fits strict TypeScript, and its example makes a report", {
  timeout: 240_000,
}, async () => {
  await using folder = await makeFolder("report-client");
  const page = await reportClientPackage.readme();
  await installAsDocumented(folder, page);
  const installed = (await readdir(join(folder.path, "node_modules"))).filter((name) => !name.startsWith("."));
  assert.deepEqual(
    ["duckdb", "pg", "cassandra-driver", "pyodide"].filter((name) => installed.includes(name)),
    [],
    "nothing that only servers need",
  );

  await folder.write("order.ts", exampleIn(page, "ts"));
  await folder.write("typed.ts", typed);
  await npm(["install", ...quiet, "--save-dev", "@types/node@24"], folder.path);
  await folder.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["order.ts", "typed.ts"] }));
  await compile(folder.path);

  await using data = await makeFolder("report-client-data");
  await using server = await startReportServer({ data: data.path, id: "only", flags: ["--languages", "sql"] });
  const args = ["order.ts", server.address];
  await using program = startProcess({ name: "order", command: process.execPath, args, cwd: folder.path });
  await program.line(/^tenants\/acme\/reports\/\S+ is in top-products\.csv, taken by only$/, 60_000);
  const csv = await readFile(join(folder.path, "top-products.csv"), "utf8");
  assert.equal(csv.trim().split("\n").length, 4, csv);
});

const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];

/** An empty project, in which the page's `npm install` is run as it stands. */
async function installAsDocumented(folder: Folder, page: string): Promise<void> {
  const { tarball, packedBytes } = await packPackage(reportClientPackage, join(folder.path, "packed"));
  assert.ok(packedBytes < 150_000, `the package has ${packedBytes} bytes`);
  await folder.write("package.json", JSON.stringify({ private: true, type: "module" }));
  await copyFile(tarball, join(folder.path, basename(tarball)));
  const [, words = ""] = /^npm (install \S+)/m.exec(exampleIn(page, "sh")) ?? [];
  await npm([...words.split(" "), ...quiet], folder.path);
}
