import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * What a program is started through that is to have only the CPU time that nobody else wants, and to end with the process
 * that has started it: setpriv(1), chrt(1).
 */
export const startIdle = ["setpriv", "--pdeathsig", "KILL", "chrt", "--idle", "0"] as const;

/** Throws, saying what it takes, where no program can be started so. */
export async function checkIdle(): Promise<void> {
  const [program, ...flags] = startIdle;
  await promisify(execFile)(program, [...flags, "true"]).catch(({ message }: Error) => {
    const says = message.trim().replaceAll("\n", "; ");
    throw new Error(`nothing can be started on idle time here, which takes setpriv and chrt of util-linux: ${says}`);
  });
}
