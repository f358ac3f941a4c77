import { fileURLToPath } from "node:url";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import type { Target } from "./raw-client.ts";

/** Starts an honest client in a process of its own, waits until it has what it asked for; `within` is a command to start it by. */
export async function startHonestProcess(
  { host, port }: Target,
  nodeId: string,
  within: readonly string[] = [],
): Promise<RunningProcess> {
  const main = fileURLToPath(new URL("./honest-client-main.ts", import.meta.url));
  const [command = process.execPath, ...args] = [...within, process.execPath, main, `${host}:${port}`, nodeId];
  const child = startProcess({ name: `client ${nodeId}`, command, args });
  await child.json(({ ready }) => ready === true);
  return child;
}
