import { fileURLToPath } from "node:url";
import { type RunningProcess, startProcess } from "./process.ts";

/** A server of the report service, in a process of its own. */
export type ReportServer = AsyncDisposable & {
  readonly id: string;
  readonly process: RunningProcess;
  /** Where it serves gRPC, `host:port`. */
  readonly address: string;
};

const main = fileURLToPath(new URL("../../report-service/src/main.ts", import.meta.url));

/** Starts it in dc-a/z1, on a free port, and waits until it serves. */
export async function startReportServer({
  data,
  id,
  locality = "dc-a/z1",
  kinds,
  flags = [],
}: {
  /** Its --data; servers may share it. */
  readonly data: string;
  readonly id: string;
  readonly locality?: string;
  /** Those that come with the program, where not given. */
  readonly kinds?: string;
  readonly flags?: readonly string[];
}): Promise<ReportServer> {
  const args = ["serve", "--data", data, "--locality", locality, "--id", id, "--log-level", "warn"];
  if (kinds !== undefined) args.push("--kinds", kinds);
  const child = startProcess({ name: id, command: process.execPath, args: [main, ...args, ...flags] });
  try {
    const { address } = await child.json(({ ready }) => ready === true, 30_000);
    return { id, process: child, address: String(address), [Symbol.asyncDispose]: child[Symbol.asyncDispose] };
  } catch (error) {
    await child.stop("SIGKILL");
    throw error;
  }
}
