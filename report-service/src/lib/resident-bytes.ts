import { readFileSync } from "node:fs";

const pageBytes = 4096;

/** What a process has in memory; undefined where there is no such process or no /proc. */
export function residentBytes(pid: number | undefined): number | undefined {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return Number(pages) * pageBytes;
  } catch {
    return undefined;
  }
}
