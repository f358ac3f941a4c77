import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createReportClient } from "../../report-service/src/client.ts";
import { createOne } from "../../report-service/test/calls.ts";
import { until } from "../kit/wait.ts";

// Its ports are those of the file: nothing else may have them.
const edge = "127.0.0.1:10000";
const [program = "", ...words] = process.env["WEIR_COMPOSE"]?.split(" ") ?? [];
const root = fileURLToPath(new URL("../..", import.meta.url));
const own = [...words, "--project-name", "weir-test"];

test("docker-compose.yml serves reports in every language from two data centers, and goes on when one of them dies", {
  skip: lacksCompose(),
}, async () => {
  await using containers = await startContainers();
  using reports = createReportClient(edge, credentials.createInsecure(), { "grpc.default_authority": "report" });
  const servedBy = async () => (await reports.listReports({ parent: "tenants/acme" })).by.locality;
  const seen = new Set<string | undefined>();
  const both = async () => seen.add(await servedBy()).has("dc-a/z1") && seen.has("dc-b/z1");
  await until(both, { within: 120_000, what: "answers of both data centers", everyMs: 100 });

  const wanted = [
    ["sales-by-region", { from: "2026-01-01", to: "2026-02-01" }],
    ["customer-cohorts", {}],
    ["tiered-invoice", { customer: "customer-00042", month: "2026-03-01" }],
  ] as const;
  const names = await Promise.all(wanted.map(([kind, parameters]) => createOne(reports, kind, parameters)));
  for (const name of names) {
    const { state, error } = await reports.waitForEnd(name, { timeoutMs: 60_000 });
    assert.equal(state, State.SUCCEEDED, error?.message);
    assert.ok((await reports.fetchReport(name, Format.CSV)).length > 0);
  }

  await containers.run("kill", "reports-a");
  let inARow = 0;
  const elsewhere = async () => {
    inARow = (await servedBy().catch(() => undefined)) === "dc-b/z1" ? inARow + 1 : 0;
    return inARow === 50;
  };
  await until(elsewhere, { within: 60_000, what: "answers of dc-b alone" });
  for (const name of names) assert.ok((await reports.fetchReport(name, Format.CSV)).length > 0);
});

function lacksCompose(): string | false {
  if (program === "") return "npm run test:containers runs it, with Docker";
  const { error, status, stderr } = spawnSync(program, [...own, "ps"], { cwd: root, encoding: "utf8" });
  return status === 0 ? false : `no ${[program, ...words].join(" ")} here: ${error?.message ?? stderr}`;
}

/** Builds and starts what the file says, under a name of its own; disposing of it removes it with its volumes. */
async function startContainers() {
  const run = async (...args: readonly string[]) => {
    await promisify(execFile)(program, [...own, ...args], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  };
  const containers = { run, [Symbol.asyncDispose]: () => run("down", "--volumes") };
  try {
    await run("up", "--detach", "--build");
    return containers;
  } catch (cause) {
    await containers[Symbol.asyncDispose]();
    throw cause;
  }
}
