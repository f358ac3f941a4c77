import { readFileSync } from "node:fs";

// The kernel counts for user space in hundredths of a second, whatever its own clock does: proc_pid_stat(5), times(3).
const tickMs = 10;

/** CPU time that the main thread of a process has had; undefined where there is no such process or no /proc. */
export function threadRanMs(pid: number | undefined): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8");
    // What follows the name, which may hold anything: the fields from the third on.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return undefined;
  }
}
