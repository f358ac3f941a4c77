import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Why a test cannot limit what a process writes; `false`: it can. */
export const lacksPrlimit = existsSync("/usr/bin/prlimit") ? false : "there is no prlimit here";

/**
 * What a process that runs, and those that it starts from now on, may write into one file: beyond that a write fails with
 * EFBIG, as it does with ENOSPC on a full disk, which only root can make. Undefined: as much as there is room for.
 */
export function limitFileSize(pid: number, bytes: number | undefined): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:`]);
}
