import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Why a test cannot limit what a process writes; `false`: it can. */
export const lacksPrlimit = existsSync("/usr/bin/prlimit") ? false : "there is no prlimit here";

/**
 * What a process, and those that it has started or will start, may write into one file: beyond that a write fails with
 * EFBIG, as it does with ENOSPC on a full disk, which only root can make. Undefined: as much as there is room for.
 */
export function limitFileSize(pid: number, bytes: number | undefined): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:`]);
  for (const child of childrenOf(pid)) limitFileSize(child, bytes);
}

function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const lists = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, "utf8"));
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}
