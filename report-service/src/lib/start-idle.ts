import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cpuTime } from "./main-thread.ts";

/** What a program is started through that is to end with the process that has started it: setpriv(1). */
export const endWithParent = ["setpriv", "--pdeathsig", "KILL"] as const;

/** What a program is started through that is to have only the CPU time that nobody else wants: chrt(1). */
export const onIdleTime = ["chrt", "--idle", "0"] as const;

/** Throws, saying what it takes, where no program can be started so. */
export async function checkIdle(): Promise<void> {
  const [program, ...flags] = endWithParent;
  await promisify(execFile)(program, [...flags, ...onIdleTime, "true"]).catch(({ message }: Error) => {
    const says = message.trim().replaceAll("\n", "; ");
    throw new Error(`nothing can be started on idle time here, which takes setpriv and chrt of util-linux: ${says}`);
  });
}

/** The same, where it must also be known whether that time is enough. */
export async function checkIdleIsMeasured(): Promise<void> {
  await checkIdle();
  if (cpuTime(process.pid) === undefined)
    throw new Error("this kernel does not tell how long a thread waits for a CPU");
}
