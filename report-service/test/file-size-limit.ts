import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Why a test cannot limit what a process writes; `false`: it can. */
export const lacksPrlimit = existsSync("/usr/bin/prlimit") ? false : "there is no prlimit here";

/**
 * What a process, and those that it has started or will start, may write into one file: beyond that a write fails with
 * EFBIG, as it does with ENOSPC on a full disk, which only root can make. Undefined: as much as there is room for. Throws
 * where the process is not there; those below it may end meanwhile.
 */
export function limitFileSize(pid: number, bytes: number | undefined): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:`], { stdio: "pipe" });
  for (const child of childrenOf(pid)) {
    try {
      limitFileSize(child, bytes);
    } catch (error) {
      if (isRunning(child)) throw error;
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((task) => textOf(`/proc/${pid}/task/${task}/children`) ?? "");
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** One that has ended and that nobody has waited for yet is there, and takes no limits. */
function isRunning(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Undefined: the process or the thread that it is of has ended. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
