import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, type ReportClient } from "../src/client.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const testKinds = fileURLToPath(new URL("../testdata/kinds", import.meta.url));

/** A report server in its own process. */
export type ServerProcess = {
  readonly address: string;
  /** Where it serves objects by signed URLs, if it does. */
  readonly objects: string | undefined;
  /** Where /metrics are, if it was told to serve them. */
  readonly metrics: string | undefined;
  readonly client: ReportClient;
  readonly process: ChildProcess;
  /** What it has logged. */
  readonly log: () => string;
  /** Sends a signal and returns the exit code, or the signal's name where that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
} & AsyncDisposable;

/** A directory that is removed with its owner. */
export async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "weir-report-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Starts `main.ts serve` with the kinds of `testdata`; rejects with what it logged where it does not get ready. */
export async function startServer(
  data: string,
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const args = ["serve", "--data", data, "--locality", "dc-a/z1", "--kinds", testKinds, ...flags];
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  // "close" comes after "exit", once all that it wrote has been read.
  const exited = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), exited])) as [unknown];
  if (typeof line !== "string") throw new Error(log);
  const { address, objects, metrics } = JSON.parse(line) as { address: string; objects?: string; metrics?: string };
  const client = createReportClient(address, credentials.createInsecure());

  async function end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    child.kill(signal);
    const [code, killedBy] = await exited;
    return code ?? killedBy;
  }
  return {
    address,
    objects,
    metrics,
    client,
    process: child,
    log: () => log,
    end,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
    },
  };
}
