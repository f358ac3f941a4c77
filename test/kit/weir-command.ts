import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Weir } from "./weir.ts";

const main = fileURLToPath(new URL("../../control-plane/src/main.ts", import.meta.url));

/** Runs `weir ARGS` against this control plane, as an operator does in a terminal. */
export function weirCommand(
  { admin }: Pick<Weir, "admin">,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, WEIR_SERVER: `http://${admin}`, WEIR_ACTOR: "ana" };
    const child = execFile(process.execPath, [main, ...args], { env, timeout: 30_000 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}
