import { readFile } from "node:fs/promises";

/**
 * For a server's environment. Where values are born V8 takes up to 3 x 32 MB and keeps them, and it lets dead ones lie
 * while there is room: a server at rest has 105 MB, and 190 after a million creates, of which 9 are in use. Held short, what
 * still grows is what somebody holds, and ends the process.
 */
export const shortOfMemory = { NODE_OPTIONS: "--max-semi-space-size=4 --max-old-space-size=80" } as const;

/** The resident memory of a process, in MB. */
export async function residentMegabytes(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}
