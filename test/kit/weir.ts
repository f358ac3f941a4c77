import { fileURLToPath } from "node:url";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { type Exit, type RunningProcess, startProcess } from "./process.ts";

/** An answer of the admin API; `body` is parsed if it is JSON and text if not. */
export type ApiAnswer = { readonly status: number; readonly etag: string | undefined; readonly body: unknown };

/** A running control plane. */
export type Weir = AsyncDisposable & {
  /** The addresses it listens on, `host:port`. */
  readonly xds: string;
  readonly admin: string;
  /** Where its documents and its data are. */
  readonly configDir: string;
  readonly dataDir: string;
  /** The process that runs now: another after a restart. */
  process(): RunningProcess;
  /** Calls the admin API, whatever it answers. */
  api(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  /** Writes a document file into its directory. */
  writeDocument(file: string, text: string): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<Exit>;
  /** Ends it in order. */
  stop(): Promise<Exit>;
  /** Starts it again, after `kill` or `stop`, on the same ports and folders; waits until it is ready, or else only until it answers. */
  start(options?: { readonly untilReady?: boolean }): Promise<void>;
};

const main = fileURLToPath(new URL("../../control-plane/src/main.ts", import.meta.url));

/** Starts `weir serve` on these documents (file name → YAML) and waits for its ready line. */
export async function startWeir({
  documents = {},
  args = [],
  env = {},
}: {
  readonly documents?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
} = {}): Promise<Weir> {
  const config = await makeFolder("config");
  const data = await makeFolder("data");
  for (const [file, text] of Object.entries(documents)) await config.write(file, text);
  // Not port 0: a client's reconnect could take a kernel-chosen port while the control plane restarts.
  const [xdsPort, adminPort] = await freePorts(2);
  const [xds, admin] = [`127.0.0.1:${xdsPort}`, `127.0.0.1:${adminPort}`];
  const start = async (untilReady = true): Promise<RunningProcess> => {
    const child = startProcess({
      name: "weir serve",
      command: process.execPath,
      args: [
        ...[main, "serve", "--config", config.path, "--data", data.path],
        ...["--xds", xds, "--admin", admin, "--admin-grpc-address", "127.0.0.1:0", ...args],
      ],
      env,
    });
    try {
      if (untilReady) await child.json(({ ready }) => ready === true, 60_000);
      else await child.line(/admin listens on/, 20_000);
      return child;
    } catch (error) {
      await child.stop("SIGKILL");
      throw error;
    }
  };
  const dispose = async (running?: RunningProcess) => {
    await running?.[Symbol.asyncDispose]();
    await config[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  };
  let running = await start().catch(async (error) => {
    await dispose();
    throw error;
  });
  return {
    xds,
    admin,
    configDir: config.path,
    dataDir: data.path,
    process: () => running,
    async api(method, path, body, headers = {}) {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const type = body === undefined ? {} : { "content-type": "application/json" };
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(`http://${admin}${path}`, {
        method,
        ...json,
        headers: { ...type, ...headers },
        signal,
      });
      return {
        status: answer.status,
        etag: answer.headers.get("etag") ?? undefined,
        body: parsed(await answer.text()),
      };
    },
    async writeDocument(file, text) {
      await config.write(file, text);
    },
    kill: () => running.stop("SIGKILL"),
    stop: () => running.stop(),
    async start({ untilReady = true } = {}) {
      running = await start(untilReady);
    },
    [Symbol.asyncDispose]: () => dispose(running),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
