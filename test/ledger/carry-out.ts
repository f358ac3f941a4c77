import { setTimeout as delay } from "node:timers/promises";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import type { ReportClient } from "@weir/report-service/src/client.ts";
import { childrenOf, type Fleet } from "./fleet.ts";
import { tenants } from "./order.ts";
import type { Fault } from "./plan.ts";

/** What faults are done to. The store's own are there where its provider has them. */
export type Victims = {
  readonly fleet: Fleet;
  /** One for each server, to find the one that is at work. */
  readonly clients: readonly ReportClient[];
  readonly killClient: () => void;
  readonly store: Partial<Record<Exclude<Fault["kind"], ServerFault>, (forMs: number) => Promise<void>>>;
  readonly say: (what: string) => void;
};

type ServerFault =
  | "kill-server"
  | "kill-child"
  | "leave-server"
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
  const { fleet, store, say, killClient } = victims;
  switch (fault.kind) {
    case "kill-server":
      return send(fleet.members[fault.server]?.pid(), "SIGKILL");
    case "leave-server":
      return send(fleet.members[fault.server]?.pid(), "SIGTERM");
    case "stop-server":
      return stop(fleet.members[fault.server]?.pid(), fault.forMs);
    case "kill-child":
      for (const child of await childrenAt(fleet, fault.server)) send(child, "SIGKILL");
      return;
    case "stop-child":
      await Promise.all((await childrenAt(fleet, fault.server)).map((child) => stop(child, fault.forMs)));
      return;
    case "stop-working-server": {
      const id = await workingServer(victims.clients);
      say(id ? `${id} is at work and stops` : "no server is at work on anything long");
      return stop(fleet.members.find((member) => member.id === id)?.pid(), fault.forMs);
    }
    case "kill-client":
      return killClient();
    default:
      return store[fault.kind]?.("forMs" in fault ? fault.forMs : 0);
  }
}

/** The name of a server that has just begun with a slow report. */
async function workingServer(clients: readonly ReportClient[]): Promise<string | undefined> {
  const endMs = Date.now() + 4_000;
  for (let turn = 0; Date.now() < endMs; turn += 1) {
    const parent = `tenants/${tenants[turn % tenants.length]}`;
    const filter = 'state = RUNNING AND kind = "reportKinds/slow"';
    const page = await clients[turn % clients.length]
      ?.listReports({ parent, filter }, { timeoutMs: 500 })
      .catch(() => undefined);
    const attempt = page?.value.reports.find(({ state }) => state === State.RUNNING)?.attempts.at(-1);
    if (attempt) return attempt.worker;
    await delay(20);
  }
  return undefined;
}

async function childrenAt(fleet: Fleet, server: number): Promise<readonly number[]> {
  const pid = fleet.members[server]?.pid();
  return pid === undefined ? [] : childrenOf(pid);
}

// Two faults may stop one process: it goes on when the last of them is over.
const stops = new Map<number, number>();

async function stop(pid: number | undefined, forMs: number): Promise<void> {
  if (pid === undefined) return;
  stops.set(pid, (stops.get(pid) ?? 0) + 1);
  send(pid, "SIGSTOP");
  await delay(forMs);
  const left = (stops.get(pid) ?? 1) - 1;
  stops.set(pid, left);
  if (left === 0) send(pid, "SIGCONT");
}

/** To a process that may have ended meanwhile. */
function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
