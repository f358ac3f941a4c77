import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, reportNameOf } from "@weir/report-service/src/client.ts";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import { until } from "../../kit/wait.ts";
import { usageOf } from "../process-usage.ts";
import type { Growth } from "./store-growth.ts";

const main = fileURLToPath(new URL("../../../report-service/src/main.ts", import.meta.url));
const kinds = fileURLToPath(new URL("../../ledger/kinds", import.meta.url));
const watchersMain = fileURLToPath(new URL("watchers-main.ts", import.meta.url));
const idleMs = 3_000;
const told = 100;

/** Open watches at one server, each of ten on the same report; then a hundred reports change. */
export async function openWatches(sizes: readonly number[]): Promise<Growth> {
  const rows = [];
  for (const size of sizes) rows.push({ size, figures: await watchesAt(size) });
  return { of: "open watches at one server", rows };
}

async function watchesAt(size: number): Promise<Readonly<Record<string, number>>> {
  await using folder = await makeFolder("watches");
  const args = ["serve", "--data", join(folder.path, "data"), "--kinds", kinds, "--locality", "dc-a/z1"];
  const roles = ["--roles", "reports,results", "--queue-limit", "1000000", "--log-level", "warn"];
  await using server = startProcess({ name: "server", command: process.execPath, args: [main, ...args, ...roles] });
  const { address } = await server.json(({ ready }) => ready === true, 60_000);
  using client = createReportClient(String(address), credentials.createInsecure());
  // Nobody works, so that all of them wait until they are cancelled.
  const names: string[] = [];
  for (let index = 0; index < Math.max(1, size / 10); index += 1) {
    const report = { kind: "reportKinds/quick", parameters: { text: `watched ${index}` } };
    names.push(
      reportNameOf((await client.createReport({ parent: "tenants/red", report }, { timeoutMs: 30_000 })).value),
    );
  }
  const before = await usageOf(server.pid);
  const argument = JSON.stringify({ address, names, count: size });
  await using watchers = startProcess({ name: "watchers", command: process.execPath, args: [watchersMain, argument] });
  const { opened, failures } = await watchers.json(({ opened }) => opened !== undefined, 300_000);
  if (opened !== size) throw new Error(`${opened} of ${size} watches were opened: ${JSON.stringify(failures)}`);
  const open = await usageOf(server.pid);
  await delay(idleMs);
  const idle = await usageOf(server.pid);

  const some = names.slice(0, told);
  const each = Math.ceil(size / names.length);
  const startMs = performance.now();
  await Promise.all(some.map((name) => client.cancelReport({ name, reason: "told" }, { timeoutMs: 60_000 })));
  const wanted = Math.min(size, some.length * each);
  await until(
    async () => {
      watchers.write("?");
      const { events } = await watchers.json(({ events }) => Number(events) >= wanted, 1_000);
      return Number(events) >= wanted;
    },
    { within: 60_000, what: `${wanted} events` },
  );
  const tookMs = performance.now() - startMs;
  const end = await usageOf(server.pid);
  return {
    "open one, CPU": ((open.cpuSeconds - before.cpuSeconds) * 1_000) / size,
    "an event to one watcher, CPU": ((end.cpuSeconds - idle.cpuSeconds) * 1_000) / wanted,
    "cancel up to 100 reports until all know": tookMs,
    "idle, CPU ms a second": ((idle.cpuSeconds - open.cpuSeconds) * 1_000) / (idleMs / 1_000),
    "server, MiB": open.rssBytes / 2 ** 20,
    "server, KiB a watch": (open.rssBytes - before.rssBytes) / 1_024 / size,
  };
}
