import { readdir, readFile } from "node:fs/promises";

// USER_HZ, a hundred on every Linux there is. proc(5)
const ticksPerSecond = 100;

type Stat = { readonly pid: number; readonly parent: number; readonly own: number; readonly ended: number };

/** Seconds of CPU, user and system, that a process and all below it have used, with those that have ended there. */
export type TreeCpu = { readonly own: number; readonly below: number };

/** What each of these processes has used by now, and what those that it started have. */
export async function cpuOfTrees(pids: readonly number[]): Promise<readonly TreeCpu[]> {
  const all = await readStats();
  const children = Map.groupBy(all, ({ parent }) => parent);
  const byPid = new Map(all.map((stat) => [stat.pid, stat]));
  const sum = (pid: number): number => {
    const stat = byPid.get(pid);
    if (!stat) return 0;
    return stat.own + stat.ended + (children.get(pid) ?? []).reduce((total, child) => total + sum(child.pid), 0);
  };
  return pids.map((pid) => {
    const own = byPid.get(pid)?.own ?? 0;
    return { own: own / ticksPerSecond, below: (sum(pid) - own) / ticksPerSecond };
  });
}

/** Seconds of CPU that the whole machine has used. */
export async function cpuOfMachine(): Promise<number> {
  const [line = ""] = (await readFile("/proc/stat", "utf8")).split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft) / ticksPerSecond;
}

async function readStats(): Promise<readonly Stat[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(names.map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((text) => {
    if (text === "") return [];
    // The second field is the program's name and may hold anything, so the count begins behind it.
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [, parent = 0] = fields;
    const ticks = (from: number) => (fields[from] ?? 0) + (fields[from + 1] ?? 0);
    return [{ pid: Number.parseInt(text, 10), parent, own: ticks(11), ended: ticks(13) }];
  });
}
