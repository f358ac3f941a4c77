import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import { buildPeer } from "../report-reads/build-peer.ts";
import { type Load, writeCalls } from "./calls-file.ts";
import type { CallKind } from "./mix.ts";
import { cpuOfMachine, cpuOfTrees } from "./process-tree.ts";
import type { Service } from "./service.ts";

/** Microseconds of CPU for one call, by who spent them; `making` is the process that makes reports. */
export type Cpu = Readonly<Record<"calls" | "work" | "making" | "store" | "envoy", number>>;

export type KindOutcome = {
  readonly calls: number;
  /** By the name of their status, as grpc-go spells it. */
  readonly codes: Readonly<Record<string, number>>;
  /** From when the call was due to its status. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type Measured = {
  readonly sent: number;
  readonly perSecond: number;
  readonly cpu: Cpu;
  readonly all: KindOutcome;
  readonly outcome: Readonly<Partial<Record<CallKind, KindOutcome>>>;
  /** Microseconds of CPU for one call that the sender took. */
  readonly load: number;
  /** Of all the machine's CPU time, the part that was neither the service's nor the load's. */
  readonly otherShare: number;
};

/** Sends a load and tells what it cost whom. A Go program sends it: what it needs of the processors, the service lacks. */
export async function measure(service: Service, load: Load, envoyPid?: number): Promise<Measured> {
  const peer = await buildPeer();
  if (peer.kind === "missing") throw new Error(`not measured: ${peer.why}`);
  await using folder = await makeFolder("report-calls");
  const file = join(folder.path, "calls");
  await writeCalls(file, load);
  const args = ["calls", file, String(load.perSecond), ...load.targets];
  const caller = startProcess({ name: "caller", command: peer.program, args });
  const pids = [service.calls.pid, service.work.pid, service.storePid ?? -1, envoyPid ?? -1];
  const [before, machineBefore, startedMs] = [await cpuOfTrees(pids), await cpuOfMachine(), performance.now()];
  const result = (await caller.json(({ outcome }) => outcome !== undefined, load.seconds * 1_000 + 60_000)) as {
    readonly sent: number;
    readonly all: KindOutcome;
    readonly outcome: Measured["outcome"];
    readonly cpuSeconds: number;
  };
  const [after, machineAfter, tookS] = [
    await cpuOfTrees(pids),
    await cpuOfMachine(),
    (performance.now() - startedMs) / 1_000,
  ];
  await caller.exit;

  const [calls, work, store, envoy] = after.map((now, index) => ({
    own: now.own - (before[index]?.own ?? 0),
    below: now.below - (before[index]?.below ?? 0),
  }));
  const seconds = (one: { own: number; below: number } | undefined) => (one ? one.own + one.below : 0);
  const ours = [calls, work, store, envoy].reduce((sum, one) => sum + seconds(one), result.cpuSeconds);
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
    load: each(result.cpuSeconds),
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
