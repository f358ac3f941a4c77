import { readFileSync } from "node:fs";

export type MainThread = {
  /** By a signal, as SIGSTOP is. */
  readonly stopped: boolean;
  /** CPU time that it has had. */
  readonly ranMs: number;
};

// The kernel counts for user space in hundredths of a second, whatever its own clock does: proc_pid_stat(5), times(3).
const tickMs = 10;

/** What the main thread of a process does; undefined where there is no such process or no /proc. */
export function mainThread(pid: number | undefined): MainThread | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8");
    // What follows the name, which may hold anything: the fields from the third on.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { stopped: fields[0] === "T", ranMs: (Number(fields[11]) + Number(fields[12])) * tickMs };
  } catch {
    return undefined;
  }
}

export type CpuTime = {
  readonly ranMs: number;
  /** It could have run and had no CPU. */
  readonly waitedMs: number;
};

/** Of the main thread of a process, since it started; undefined where nobody knows. */
export function cpuTime(pid: number | undefined): CpuTime | undefined {
  try {
    // Documentation/scheduler/sched-stats.rst: nanoseconds that it ran, and that it waited.
    const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ").map(Number);
    return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
  } catch {
    return undefined;
  }
}
