import { makeFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { type Restartable, startRestartable } from "./restartable.ts";

/** A real Redis (or Valkey) of a test's own, on the loopback address; what it held ends with it, unless it is durable. */
export type Redis = Restartable & {
  /** `redis://127.0.0.1:port`, or `rediss://` of one with TLS. */
  readonly url: string;
};

export type RedisOptions = {
  /** Has all that it has answered on disk. */
  readonly durable?: boolean;
  /** PEM files; then it takes no plaintext. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** More of its arguments. */
  readonly args?: readonly string[];
};

/** Starts one and waits until it takes connections. */
export async function startRedis({ durable = false, tls, args = [] }: RedisOptions = {}): Promise<Redis> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("redis"));
  const port = await freePort();
  const run = async () => {
    const process = startProcess({
      name: "redis",
      command: redisPath(),
      args: [
        ...["--bind", "127.0.0.1", ...portArgs(port, tls), "--dir", folder.path],
        ...["--save", "", "--appendonly", durable ? "yes" : "no", "--appendfsync", "always"],
        ...args,
        ...["--maxmemory", "256mb", "--maxmemory-policy", durable ? "noeviction" : "allkeys-lru"],
      ],
    });
    await process.line(/Ready to accept connections/, 20_000).catch((cause) => {
      throw new Error(lastWords(process), { cause });
    });
    return process;
  };
  return Object.assign(await startRestartable(starting, run), {
    url: `${tls ? "rediss" : "redis"}://127.0.0.1:${port}`,
  });
}

function portArgs(port: number, tls: RedisOptions["tls"]): readonly string[] {
  if (!tls) return ["--port", String(port)];
  const files = ["--tls-ca-cert-file", tls.ca, "--tls-cert-file", tls.cert, "--tls-key-file", tls.key];
  return ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no", ...files];
}

/** Why tests of Redis are passed over here; false where there is one to start. */
export const lacksRedis: string | false = process.env["WEIR_REDIS"]
  ? false
  : "there is no Redis or Valkey here; npm test unpacks Debian's, or name one in WEIR_REDIS";

function redisPath(): string {
  const path = process.env["WEIR_REDIS"];
  if (!path) throw new Error("WEIR_REDIS does not name a Redis: run tests with npm test, which finds or unpacks one");
  return path;
}
