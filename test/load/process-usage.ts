import { readFile } from "node:fs/promises";

export type Usage = { readonly cpuSeconds: number; readonly rssBytes: number };

// USER_HZ, a hundred on every Linux there is. proc(5)
const ticksPerSecond = 100;

/** What a process has used so far, user and system, and what it holds resident now. */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile(`/proc/${pid}/status`, "utf8"),
  ]);
  // The second field is the program's name and may hold anything, so the count begins behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuSeconds: ticks / ticksPerSecond, rssBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024 };
}
