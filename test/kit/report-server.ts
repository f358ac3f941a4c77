import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { weirFolder } from "../../setup/folders.mjs";
import { type RunningProcess, startProcess } from "./process.ts";

/** A server of the report service, in a process of its own. */
export type ReportServer = AsyncDisposable & {
  readonly id: string;
  readonly process: RunningProcess;
  /** Where it serves gRPC, `host:port`. */
  readonly address: string;
  /** Where it serves objects by signed URLs, if it does. */
  readonly objects: string | undefined;
  /** Where /metrics are, if it was told to serve them. */
  readonly metrics: string | undefined;
  /** What it has logged, a line of JSON for each event. */
  readonly log: () => string;
};

const main = fileURLToPath(new URL("../../report-service/src/main.ts", import.meta.url));

/** Starts it on a free port, and waits until it serves; rejects with what it said where it ends before. */
export async function startReportServer({
  data,
  id,
  locality = "dc-a/z1",
  kinds,
  flags = [],
  env = {},
}: {
  /** Its --data; servers may share it. */
  readonly data: string;
  readonly id: string;
  readonly locality?: string;
  /** Those that come with the program, where not given. */
  readonly kinds?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<ReportServer> {
  await shareSample(data);
  const args = ["serve", "--data", data, "--locality", locality, "--id", id, "--log-level", "warn"];
  if (kinds !== undefined) args.push("--kinds", kinds);
  const child = startProcess({ name: id, command: process.execPath, args: [main, ...args, ...flags], env });
  try {
    const ready = await child.json((value) => value["ready"] === true, 30_000);
    const { address, objects, metrics } = ready as { address: string; objects?: string; metrics?: string };
    const log = () => child.lines.filter((line) => !line.startsWith('{"ready":true')).join("\n");
    return { id, process: child, address, objects, metrics, log, [Symbol.asyncDispose]: child[Symbol.asyncDispose] };
  } catch (error) {
    await child.stop("SIGKILL");
    throw error;
  }
}

/**
 * What servers make for their workers once in a data directory, of their program alone: the sample data set, and what sandboxes start
 * from, which takes seconds. Here all that run have the same.
 */
async function shareSample(data: string): Promise<void> {
  const shared = weirFolder("sample");
  await mkdir(shared, { recursive: true });
  await mkdir(data, { recursive: true });
  await symlink(shared, join(data, "sample")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
