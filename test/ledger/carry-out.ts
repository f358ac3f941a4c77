import { setTimeout as delay } from "node:timers/promises";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import type { ReportClient } from "@weir/report-service/src/client.ts";
import { limitFileSize } from "@weir/report-service/test/file-size-limit.ts";
import { childrenOf, clockSignal, type Fleet, isThere } from "./fleet.ts";
import { tenants } from "./order.ts";
import type { Fault } from "./plan.ts";

/** What faults are done to. The store's own are there where its provider has them. */
export type Victims = {
  readonly fleet: Fleet;
  /** One for each server that answers calls, to find one that is at work. */
  readonly clients: readonly ReportClient[];
  readonly killClient: () => void;
  readonly store: Partial<Record<Exclude<Fault["kind"], ServerFault>, (forMs: number) => Promise<void>>>;
  readonly say: (what: string) => void;
  /** Told when a report of a server that sleeps was taken over by another one. */
  readonly onTakeover: () => void;
};

type ServerFault =
  | "kill-server"
  | "kill-child"
  | "leave-server"
  | "jump-clock"
  | "fill-disk"
  | "stop-server"
  | "stop-child"
  | "stop-working-server"
  | "kill-client";

/** Does every fault at its time, also while another one lasts; returns when all are over. */
export async function carryOut(plan: readonly Fault[], victims: Victims): Promise<void> {
  const startMs = Date.now();
  const under = plan.map(async (fault) => {
    await delay(Math.max(0, startMs + fault.atMs - Date.now()));
    victims.say(JSON.stringify(fault));
    await doFault(fault, victims);
  });
  await Promise.all(under);
}

async function doFault(fault: Fault, victims: Victims): Promise<void> {
  const { fleet, store, killClient } = victims;
  switch (fault.kind) {
    case "kill-server":
      return send(fleet.members[fault.server]?.pid(), "SIGKILL");
    case "leave-server":
      return send(fleet.members[fault.server]?.pid(), "SIGTERM");
    case "jump-clock":
      return send(fleet.members[fault.server]?.pid(), clockSignal);
    case "stop-server":
      return stop(fleet.members[fault.server]?.pid(), fault.forMs);
    case "fill-disk":
      return fillDisk(fleet.members[fault.server]?.pid(), fault.forMs);
    case "kill-child":
      for (const child of await childrenAt(fleet, fault.server)) send(child, "SIGKILL");
      return;
    case "stop-child":
      await Promise.all((await childrenAt(fleet, fault.server)).map((child) => stop(child, fault.forMs)));
      return;
    case "stop-working-server":
      return stopWorkingServer(fault.forMs, victims);
    case "kill-client":
      return killClient();
    default:
      return store[fault.kind]?.("forMs" in fault ? fault.forMs : 0);
  }
}

/** One that ended meanwhile has as much room as it likes when it starts again. */
async function fillDisk(pid: number | undefined, forMs: number): Promise<void> {
  if (pid === undefined || spared.has(pid)) return;
  limitFileSize(pid, fullAtBytes);
  await delay(forMs);
  if (await isThere(pid)) limitFileSize(pid, undefined);
}

// Less than the store's file and most results.
const fullAtBytes = 100;

/** Stops a server that has begun with a slow report until another one has taken that over, and for `forMs` at least. */
async function stopWorkingServer(forMs: number, victims: Victims): Promise<void> {
  const { fleet, clients, say, onTakeover } = victims;
  const found = await firstOf(4_000, async (turn) => {
    const parent = `tenants/${tenants[turn % tenants.length]}`;
    const filter = 'state = RUNNING AND kind = "reportKinds/slow"';
    const page = await clients[turn % clients.length]?.listReports({ parent, filter }, { timeoutMs: 500 });
    return page?.value.reports.find(({ state }) => state === State.RUNNING);
  });
  const attempts = found?.attempts.length ?? 0;
  const member = fleet.members.find(({ id }) => id === found?.attempts.at(-1)?.worker);
  const pid = member?.pid();
  if (!found || !member || pid === undefined) return say("no server is at work on anything long");
  say(`${member.id} is at work on ${found.name} and stops`);
  spared.add(pid);
  stops.set(pid, (stops.get(pid) ?? 0) + 1);
  signal(pid, "SIGSTOP");
  await delay(forMs);
  const others = clients.filter((_, index) => fleet.addresses[index] !== member.address);
  const takenOver = await firstOf(10_000, async (turn) => {
    const report = await others[turn % others.length]?.getReport(found.name, { timeoutMs: 500 });
    return report && report.value.attempts.length > attempts;
  });
  goOn(pid);
  say(takenOver ? `${member.id} goes on; ${found.name} is another's` : `${member.id} goes on`);
  if (takenOver) onTakeover();
  await delay(lateMs);
  spared.delete(pid);
}

// So long a server that went on has to write what it is late with.
const lateMs = 1_000;

/** The first truthy answer, asked for again and again; errors are none. */
async function firstOf<T>(withinMs: number, ask: (turn: number) => Promise<T>): Promise<T | undefined> {
  const endMs = Date.now() + withinMs;
  for (let turn = 0; Date.now() < endMs; turn += 1) {
    const answer = await ask(turn).catch(() => undefined);
    if (answer) return answer;
    await delay(20);
  }
  return undefined;
}

async function childrenAt(fleet: Fleet, server: number): Promise<readonly number[]> {
  const pid = fleet.members[server]?.pid();
  return pid === undefined || spared.has(pid) ? [] : childrenOf(pid);
}

// Two faults may stop one process: it goes on when the last of them is over.
const stops = new Map<number, number>();
// Processes that are to live to write too late.
const spared = new Set<number>();

async function stop(pid: number | undefined, forMs: number): Promise<void> {
  if (pid === undefined || spared.has(pid)) return;
  stops.set(pid, (stops.get(pid) ?? 0) + 1);
  signal(pid, "SIGSTOP");
  await delay(forMs);
  goOn(pid);
}

function goOn(pid: number): void {
  const left = (stops.get(pid) ?? 1) - 1;
  stops.set(pid, left);
  if (left === 0) signal(pid, "SIGCONT");
}

function send(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid !== undefined && !spared.has(pid)) signal(pid, name);
}

/** To a process that may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
