import { readdir, readFile } from "node:fs/promises";
import { usageOf } from "../process-usage.ts";

/** What a browser's processes have used by now, in seconds of CPU, by what they are: `browser`, `renderer`, `gpu-process`, `utility`. */
export type BrowserCpu = Readonly<Record<string, number>>;

/** Of the browsers that this process, or one below it, has started. */
export async function browserCpu(): Promise<BrowserCpu> {
  const own = await descendants(process.pid);
  const used = new Map<string, number>();
  for (const pid of own) {
    // Chromium's children write their title over their arguments, with spaces between.
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split(/[\0 ]/);
    if (!command[0]?.includes("chrom")) continue;
    const type = command.find((arg) => arg.startsWith("--type="))?.slice("--type=".length) ?? "browser";
    const usage = await usageOf(pid).catch(() => undefined);
    used.set(type, (used.get(type) ?? 0) + (usage?.cpuSeconds ?? 0));
  }
  return Object.fromEntries(used);
}

async function descendants(of: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The second field is the program's name and may hold anything, so the count begins behind it.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (pid: number | undefined): boolean => pid !== undefined && (pid === of || isBelow(parents.get(pid)));
  return [...parents.keys()].filter((pid) => pid !== of && isBelow(pid));
}
