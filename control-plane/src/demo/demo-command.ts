import type { DemoCommand } from "./command.ts";
import { demoFolder, readControlFile } from "./control-file.ts";
import { askControl } from "./control-socket.ts";
import type { DemoIo } from "./demo-io.ts";

/**
 * Does something to the demo that runs in another terminal: `weir demo kill dc-a`. Resolves with the exit code: 0 done, 1
 * refused, or no demo runs; what happened is said on stdout or stderr.
 */
export async function demoCommand(
  command: Readonly<Record<keyof DemoCommand | "status" | "percent", unknown>> | DemoCommand,
  { stdout, stderr, env }: Pick<DemoIo, "stdout" | "stderr" | "env">,
  signal: AbortSignal,
): Promise<number> {
  const control = readControlFile(demoFolder(env));
  if (control === undefined) {
    stderr.write("no demo runs: start one with npm start in another terminal\n");
    return 1;
  }
  try {
    const { ok, says } = await askControl(control.socket, command, signal);
    (ok ? stdout : stderr).write(`${says}\n`);
    return ok ? 0 : 1;
  } catch (cause) {
    stderr.write(
      `the demo (process ${control.pid}) does not answer at ${control.socket}: ${(cause as Error).message}; end that process and start it again with npm start\n`,
    );
    return 1;
  }
}
