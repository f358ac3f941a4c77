import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../kit/process.ts";
import type { CallerArgument, KindOutcome } from "./caller-main.ts";
import type { CallKind } from "./mix.ts";
import { cpuOfMachine, cpuOfTrees } from "./process-tree.ts";
import type { Service } from "./service.ts";

/** Microseconds of CPU for one call, by who spent them; `making` is the process that makes reports. */
export type Cpu = Readonly<Record<"calls" | "work" | "making" | "store" | "envoy", number>>;

export type Measured = {
  readonly sent: number;
  readonly perSecond: number;
  readonly cpu: Cpu;
  readonly all: KindOutcome;
  readonly outcome: Readonly<Partial<Record<CallKind, KindOutcome>>>;
  /** Of all the machine's CPU time, the part that was neither the service's nor the load's. */
  readonly otherShare: number;
};

const callerMain = fileURLToPath(new URL("caller-main.ts", import.meta.url));

/** Sends a load and tells what it cost whom. */
export async function measure(service: Service, load: CallerArgument, envoyPid?: number): Promise<Measured> {
  const caller = startProcess({ name: "caller", command: process.execPath, args: [callerMain, JSON.stringify(load)] });
  const pids = [service.calls.pid, service.work.pid, service.storePid ?? -1, envoyPid ?? -1];
  const [before, machineBefore, startedMs] = [await cpuOfTrees(pids), await cpuOfMachine(), performance.now()];
  const result = (await caller.json(({ outcome }) => outcome !== undefined, load.seconds * 1_000 + 60_000)) as {
    readonly sent: number;
    readonly all: KindOutcome;
    readonly outcome: Measured["outcome"];
  };
  const [after, machineAfter, tookS] = [
    await cpuOfTrees(pids),
    await cpuOfMachine(),
    (performance.now() - startedMs) / 1_000,
  ];
  const [loadCpu] = await cpuOfTrees([caller.pid]);
  await caller.exit;

  const [calls, work, store, envoy] = after.map((now, index) => ({
    own: now.own - (before[index]?.own ?? 0),
    below: now.below - (before[index]?.below ?? 0),
  }));
  const seconds = (one: { own: number; below: number } | undefined) => (one ? one.own + one.below : 0);
  const ours = [calls, work, store, envoy, loadCpu].reduce((sum, one) => sum + seconds(one), 0);
  const machine = machineAfter - machineBefore;
  const each = (spent: number) => (spent * 1e6) / result.sent;
  return {
    ...result,
    perSecond: load.perSecond,
    cpu: {
      calls: each(seconds(calls)),
      work: each(work?.own ?? 0),
      making: each(work?.below ?? 0),
      store: each(seconds(store)),
      envoy: each(seconds(envoy)),
    },
    otherShare: Math.max(0, machine - ours) / (tookS * 2),
  };
}

/** Milliseconds of CPU a second that the service uses while nobody asks for anything, by who spends them. */
export async function measureIdle(service: Service, seconds: number): Promise<Cpu> {
  const pids = [service.calls.pid, service.work.pid, service.storePid ?? -1];
  const before = await cpuOfTrees(pids);
  await delay(seconds * 1_000);
  const after = await cpuOfTrees(pids);
  const each = (index: number, of: "own" | "below") =>
    (((after[index]?.[of] ?? 0) - (before[index]?.[of] ?? 0)) * 1_000) / seconds;
  return {
    calls: each(0, "own") + each(0, "below"),
    work: each(1, "own"),
    making: each(1, "below"),
    store: each(2, "own") + each(2, "below"),
    envoy: 0,
  };
}
