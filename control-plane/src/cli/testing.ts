import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOperator } from "../operator/operator-server.ts";
import { startTestParts, type TestParts } from "../operator/testing.ts";
import { runCli } from "./program.ts";

export type Run = { readonly code: number; readonly out: string; readonly err: string };

/** A control plane without xDS, and the command line to it. */
export type TestWeir = AsyncDisposable &
  Pick<TestParts, "clients"> & {
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
  const run = (stdin: string, seen: { out: string; err: string }, signal: AbortSignal, args: readonly string[]) =>
    runCli(args, {
      stdout: { write: (text) => (seen.out += text) },
      stderr: { write: (text) => (seen.err += text) },
      stdin: (async function* () {
        yield stdin;
      })(),
      env,
      actor: "ana",
      signal,
      serve: async (options) => {
        served.push(options);
        return 7;
      },
    });
  const pipe: TestWeir["pipe"] = async (stdin, ...args) => {
    const texts = { out: "", err: "" };
    const code = await run(stdin, texts, new AbortController().signal, args);
    return { code, ...texts };
  };
  return {
    dir,
    server: env.WEIR_SERVER,
    clients,
    served,
    pipe,
    follow: (seen, signal, ...args) => run("", Object.assign(seen, { err: "" }), signal, args),
    run: (...args) => pipe("", ...args),
    async write(name, text) {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    },
    async until(condition) {
      const stop = AbortSignal.timeout(5_000);
      while (!(await condition())) {
        stop.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async [Symbol.asyncDispose]() {
      await operator[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
