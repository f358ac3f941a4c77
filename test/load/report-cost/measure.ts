import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import { buildPeer } from "../report-reads/build-peer.ts";
import { type Load, writeCalls } from "./calls-file.ts";
import { type Cpu, cpuBetween, readCpu, totalOf } from "./cpu.ts";
import type { CallKind } from "./mix.ts";
import { cpuOfMachine } from "./process-tree.ts";
import type { Service } from "./service.ts";

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
  /** Microseconds for one call. */
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
  const [before, machineBefore, startedMs] = [
    await readCpu(service, envoyPid),
    await cpuOfMachine(),
    performance.now(),
  ];
  const result = (await caller.json(({ outcome }) => outcome !== undefined, load.seconds * 1_000 + 60_000)) as {
    readonly sent: number;
    readonly all: KindOutcome;
    readonly outcome: Measured["outcome"];
    readonly cpuSeconds: number;
  };
  const [after, machineAfter, tookS] = [
    await readCpu(service, envoyPid),
    await cpuOfMachine(),
    (performance.now() - startedMs) / 1_000,
  ];
  await caller.exit;
  const ours = totalOf(cpuBetween(before, after)) + result.cpuSeconds;
  return {
    ...result,
    perSecond: load.perSecond,
    cpu: cpuBetween(before, after, 1e6 / result.sent),
    load: (result.cpuSeconds * 1e6) / result.sent,
    otherShare: Math.max(0, machineAfter - machineBefore - ours) / (tookS * availableParallelism()),
  };
}

/** Milliseconds of CPU a second that the service uses while nobody asks for anything, by who spends them. */
export async function measureIdle(service: Service, seconds: number): Promise<Cpu> {
  const before = await readCpu(service);
  await delay(seconds * 1_000);
  return cpuBetween(before, await readCpu(service), 1_000 / seconds);
}
