import { cpuOfTrees } from "./process-tree.ts";
import type { Service } from "./service.ts";

/** CPU, user and system, by who spent it; `making` is the process that makes reports. Its unit is its holder's. */
export type Cpu = Readonly<Record<"calls" | "work" | "making" | "store" | "envoy", number>>;

/** Seconds that each has used so far. */
export async function readCpu(service: Service, envoyPid = -1): Promise<Cpu> {
  const pids = [service.calls.pid, service.work.pid, service.storePid ?? -1, envoyPid];
  const [calls, work, store, envoy] = await cpuOfTrees(pids);
  const all = (one: typeof calls) => (one ? one.own + one.below : 0);
  return { calls: all(calls), work: work?.own ?? 0, making: work?.below ?? 0, store: all(store), envoy: all(envoy) };
}

/** What was used between two readings, times `scale`: 1e6 / calls makes microseconds a call of it. */
export function cpuBetween(before: Cpu, after: Cpu, scale = 1): Cpu {
  const each = (who: keyof Cpu) => (after[who] - before[who]) * scale;
  return {
    calls: each("calls"),
    work: each("work"),
    making: each("making"),
    store: each("store"),
    envoy: each("envoy"),
  };
}

export function totalOf({ calls, work, making, store, envoy }: Cpu): number {
  return calls + work + making + store + envoy;
}
