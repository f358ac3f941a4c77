import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { CreateReportRequest_Reuse as Reuse } from "@weir/proto/report/v1/report_pb.ts";
import { createReportClient, reportNameOf } from "@weir/report-service/src/client.ts";
import { makeFolder } from "../../kit/folder.ts";
import { startPostgres } from "../../kit/postgres.ts";
import { type RunningProcess, startProcess } from "../../kit/process.ts";
import { until } from "../../kit/wait.ts";

/** The service as it is measured: one process that answers calls, one that works, and the store's own. */
export type Service = {
  readonly address: string;
  readonly calls: RunningProcess;
  readonly work: RunningProcess;
  /** The store's first process, where it has any. */
  readonly storePid: number | undefined;
} & AsyncDisposable;

const ownMain = fileURLToPath(new URL("../../../report-service/src/main.ts", import.meta.url));
const kinds = fileURLToPath(new URL("../../ledger/kinds", import.meta.url));

/** `main`: another program than this tree's, to be compared with it. */
export async function startService(
  store: "sqlite" | "postgres",
  flags: readonly string[] = [],
  main = ownMain,
): Promise<Service> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("report-cost"));
  const postgres =
    store === "postgres"
      ? starting.use(await startPostgres({ settings: ["fsync=on", "shared_buffers=256MB"] }))
      : undefined;
  const shared = [
    ...["--data", join(folder.path, "data"), "--kinds", kinds, "--locality", "dc-a/z1", "--log-level", "warn"],
    ...["--queue-limit", "1000000", "--tenant-concurrency", "1000"],
    ...(postgres ? ["--store", postgres.url()] : []),
    ...flags,
  ];
  const start = async (id: string, roles: string) => {
    const args = [main, "serve", "--id", id, "--roles", roles, ...shared];
    const child = starting.use(startProcess({ name: id, command: process.execPath, args }));
    const { address } = await child.json(({ ready }) => ready === true, 60_000);
    return { child, address: String(address) };
  };
  const calls = await start("calls", "reports,results,objects");
  const work = await start("work", "worker,writer,cleaner");
  const started = starting.move();
  return {
    address: calls.address,
    calls: calls.child,
    work: work.child,
    storePid: postgres?.pid(),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Makes reports to read, and one of each content that is to be asked for again; answers their names. */
export async function fill(address: string, reports: number, contents: number): Promise<readonly string[]> {
  using client = createReportClient(address, credentials.createInsecure());
  const orders = [
    ...Array.from({ length: reports }, (_, index) => ({ kind: "quick", text: `filled ${index}`, reuse: Reuse.NEVER })),
    ...Array.from({ length: contents }, (_, index) => ({
      kind: "shared",
      text: `shared ${index}`,
      reuse: Reuse.ALLOW,
    })),
  ];
  const names: string[] = [];
  for (const { kind, text, reuse } of orders) {
    const report = { kind: `reportKinds/${kind}`, parameters: { text } };
    const { value } = await client.createReport({ parent: "tenants/red", reuse, report }, { timeoutMs: 30_000 });
    names.push(reportNameOf(value));
  }
  await Promise.all(names.map((name) => client.waitForEnd(name, { timeoutMs: 120_000 })));
  return names.slice(0, reports);
}

/** Waits until nothing is left to be made: what one load has created is not to be counted as another's. */
export async function settle(address: string): Promise<void> {
  using client = createReportClient(address, credentials.createInsecure());
  const open = { parent: "tenants/red", filter: "state = QUEUED OR state = RUNNING", pageSize: 1 };
  const nothingLeft = async () => (await client.listReports(open, { timeoutMs: 30_000 })).value.reports.length === 0;
  await until(nothingLeft, { within: 300_000, what: "all reports are made", everyMs: 200 });
}
