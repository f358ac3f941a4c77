import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../lib/testing.ts";
import { startOperator } from "../operator/operator-server.ts";
import { startTestParts, type TestParts } from "../operator/testing.ts";
import type { CliIo } from "./io.ts";
import { runCli } from "./program.ts";

export type Run = { readonly code: number; readonly out: string; readonly err: string };

type RunOptions = {
  readonly env?: CliIo["env"];
  readonly actor?: string;
  /** What is typed or piped in. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly serve?: CliIo["serve"];
  /** What it writes is added to these as it comes. */
  readonly seen?: { out: string; err: string };
  /** Whether stderr is one; no by default. */
  readonly isTerminal?: boolean;
};

/** The command line as a program of its own would run it. */
export async function runCommand(
  args: readonly string[],
  {
    env = {},
    actor = "ana",
    stdin = "",
    signal = new AbortController().signal,
    serve = async () => 0,
    seen = { out: "", err: "" },
    isTerminal = false,
  }: RunOptions = {},
): Promise<Run> {
  const decoder = new TextDecoder();
  const code = await runCli(args, {
    stdout: { write: (text) => (seen.out += text) },
    stderr: { write: (text) => (seen.err += text), isTTY: isTerminal },
    writeBytes: async (bytes) => {
      seen.out += decoder.decode(bytes, { stream: true });
    },
    stdin: (async function* () {
      yield stdin;
    })(),
    ...{ env, actor, signal, serve },
  });
  return { code, ...seen };
}

/** A control plane without xDS, and the command line to it. */
export type TestWeir = AsyncDisposable &
  Pick<TestParts, "clients" | "parts"> & {
    readonly dir: string;
    readonly server: string;
    readonly served: readonly unknown[];
    run(...args: readonly string[]): Promise<Run>;
    /** Runs until the signal aborts; what it writes is added to `seen` as it comes. */
    follow(seen: { out: string }, signal: AbortSignal, ...args: readonly string[]): Promise<number>;
    pipe(stdin: string, ...args: readonly string[]): Promise<Run>;
    write(name: string, text: string): Promise<string>;
    until(condition: () => Promise<boolean>): Promise<void>;
  };

export async function startTestCli(): Promise<TestWeir> {
  const dir = await mkdtemp(join(tmpdir(), "weir-cli-"));
  const { parts, clients, ...rest } = await startTestParts();
  const listen = { host: "127.0.0.1", port: 0 };
  const operator = await startOperator({ listen, hosts: [], parts, observe: () => undefined });
  const served: unknown[] = [];
  const env = { WEIR_SERVER: `http://127.0.0.1:${operator.port}`, XDG_CONFIG_HOME: dir };
  const serve: CliIo["serve"] = async (options) => {
    served.push(options);
    return 7;
  };
  const pipe: TestWeir["pipe"] = (stdin, ...args) => runCommand(args, { env, stdin, serve });
  return {
    dir,
    server: env.WEIR_SERVER,
    clients,
    parts,
    served,
    pipe,
    async follow(seen, signal, ...args) {
      const { code } = await runCommand(args, { env, signal, serve, seen: Object.assign(seen, { err: "" }) });
      return code;
    },
    run: (...args) => pipe("", ...args),
    async write(name, text) {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    },
    until,
    async [Symbol.asyncDispose]() {
      await operator[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
