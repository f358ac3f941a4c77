import type { DemoCommand } from "./command.ts";
import { demoFolder, readControlFile } from "./control-file.ts";
import { askControl } from "./control-socket.ts";
import type { Env } from "./demo-io.ts";

type Output = { write(text: string): unknown };

/**
 * Does something to the demo that runs in another terminal: `weir demo kill dc-a`. Resolves with the exit code: 0 done, 2
 * refused or no demo runs; what happened is said on stdout or stderr.
 */
export async function demoCommand(
  command: {
    readonly kind: DemoCommand["kind"];
    readonly datacenter: string;
    /** For `fail`: a gRPC status code's name, UNAVAILABLE unless told. */
    readonly status?: string;
    /** For `fail`: of the requests, 100 unless told. */
    readonly percent?: number;
  },
  { stdout, stderr, env }: { readonly stdout: Output; readonly stderr: Output; readonly env: Env },
  signal: AbortSignal,
): Promise<number> {
  const control = readControlFile(demoFolder(env));
  if (control === undefined) {
    stderr.write("no demo runs: start one with npm start in another terminal\n");
    return 2;
  }
  try {
    const { ok, says } = await askControl(control.socket, command, signal);
    (ok ? stdout : stderr).write(`${says}\n`);
    return ok ? 0 : 2;
  } catch (cause) {
    stderr.write(
      `the demo (process ${control.pid}) does not answer at ${control.socket}: ${(cause as Error).message}; end that process and start it again with npm start\n`,
    );
    return 2;
  }
}
