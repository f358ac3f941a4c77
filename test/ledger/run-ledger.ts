import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, type ReportClient } from "@weir/report-service/src/client.ts";
import { lacksPrlimit } from "@weir/report-service/test/file-size-limit.ts";
import { startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";
import { carryOut } from "./carry-out.ts";
import { type History, type Verdict, verdictsOf } from "./check.ts";
import type { ClientArgument } from "./client-main.ts";
import { parseEntries } from "./entry.ts";
import { readFinalState } from "./final-state.ts";
import { type Post, startFleet } from "./fleet.ts";
import { tenants } from "./order.ts";
import type { OpenParts } from "./parts.ts";
import { type FaultKind, planOf } from "./plan.ts";

export type LedgerRun = {
  readonly seed: number;
  readonly durationMs: number;
  readonly posts: readonly Post[];
  readonly perSecond: number;
  /** Whether JavaScript and Python are asked for, too. */
  readonly programs: boolean;
  readonly openParts: OpenParts;
  /** Where the ledger, the servers' logs and what was done are kept. */
  readonly folder: string;
};

export type LedgerResult = {
  readonly verdicts: readonly Verdict[];
  readonly history: History;
  readonly faults: number;
  readonly restarts: number;
};

const leaseMs = 2_000;
const clientProgram = fileURLToPath(new URL("client-main.ts", import.meta.url));
const kinds = fileURLToPath(new URL("kinds", import.meta.url));
const serverFaults: readonly FaultKind[] = [
  ...(["kill-server", "kill-child", "leave-server", "stop-server", "stop-child"] as const),
  ...(["stop-working-server", "kill-client"] as const),
];

/** Load, faults, then the reckoning. `again` may do something to what is there, and reckon once more. */
export async function runLedger(
  run: LedgerRun,
  again?: (read: () => Promise<History>) => Promise<void>,
): Promise<LedgerResult> {
  const { seed, durationMs, posts, perSecond, programs, folder } = run;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const said = join(folder, "done.log");
  const say = (what: string) => void appendFile(said, `${new Date().toISOString()} ${what}\n`);

  await using store = await run.openParts(folder);
  const flags = [...store.flags, "--kinds", kinds, "--job-lease", `${leaseMs}ms`, "--queue-limit", "400"];
  await using stack = new AsyncDisposableStack();
  const fleet = stack.use(await startFleet({ posts, folder, flags }));
  const clients = fleet.addresses.map((address) => stack.use(quickClient(address)));
  const plan = planOf(seed, {
    kinds: [...serverFaults, ...store.faultKinds],
    besides: [...(lacksPrlimit ? [] : [["fill-disk" as const]]), ...store.besides],
    servers: posts.length,
    durationMs,
    leaseMs,
  });

  const file = join(folder, "ledger.jsonl");
  const untilMs = Date.now() + durationMs;
  const argument = {
    file,
    addresses: fleet.addresses,
    seed,
    programs,
    perSecond,
    untilMs,
    giveUpAtMs: untilMs + 60_000,
  };
  await using client = superviseClient(argument, say);
  let takeovers = 0;
  const onTakeover = () => {
    takeovers += 1;
  };
  await carryOut(plan, { fleet, clients, say, onTakeover, store: store.faults, killClient: client.kill });
  say("no more faults");
  await client.done;

  const reader = clients[0] as ReportClient;
  await until(() => allEnded(reader), { within: 90_000, what: "all reports have ended", everyMs: 200 }).catch(
    (late: Error) => say(late.message),
  );
  // By a server that has nothing in memory: what counts is what is kept.
  const readAnew = async () => {
    const post = { id: "reader", answersCalls: true, flags: ["--roles", "reports,results"] };
    await using fresh = await startFleet({ posts: [post], folder, flags });
    await using client = quickClient(fresh.addresses[0] ?? "");
    return await readFinalState(client);
  };
  const read = async (): Promise<History> => ({
    seed,
    entries: parseEntries(await readFile(file, "utf8")),
    reports: await readAnew(),
    lateWrites: fleet.lateWrites(),
    takeovers,
  });
  const history = await read();
  await again?.(read);
  return { history, verdicts: verdictsOf(history), faults: plan.length, restarts: fleet.restarts() };
}

function quickClient(address: string): ReportClient & AsyncDisposable {
  const options = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 };
  const client = createReportClient(address, credentials.createInsecure(), options);
  return { ...client, [Symbol.asyncDispose]: async () => client[Symbol.dispose]() };
}

async function allEnded(client: ReportClient): Promise<boolean> {
  for (const tenant of tenants) {
    const open = { parent: `tenants/${tenant}`, filter: "state = QUEUED OR state = RUNNING", pageSize: 1 };
    if ((await client.listReports(open)).value.reports.length > 0) return false;
  }
  return true;
}

/** The client's process: a killed one is started again, and goes on by its file. */
function superviseClient(argument: ClientArgument, say: (what: string) => void) {
  const stopping = new AbortController();
  const start = () =>
    startProcess({ name: "client", command: process.execPath, args: [clientProgram, JSON.stringify(argument)] });
  let running = start();
  async function supervise(): Promise<void> {
    for (;;) {
      const { code, signal } = await running.exit;
      if (code === 0 || stopping.signal.aborted) return;
      if (signal !== "SIGKILL") throw new Error(`the client failed (${code ?? signal}):\n${running.lines.join("\n")}`);
      say("the client goes on");
      running = start();
    }
  }
  const done = supervise();
  done.catch(() => undefined);
  return {
    done,
    kill: () => running.signal("SIGKILL"),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running.stop();
    },
  };
}
