import type { TestContext } from "node:test";
import { makeFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";

/** A real Redis (or Valkey) of a test's own, on the loopback address. */
export type Redis = AsyncDisposable & {
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  readonly pid: number;
  /** Halts it without ending it: commands to it hang, as over a cut line. */
  freeze(): void;
  thaw(): void;
  /** Ends it; what it held is gone, unless it is durable. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
};

/** Starts one and waits until it takes connections; a durable one has all that it has answered on disk. */
export async function startRedis({ durable = false }: { readonly durable?: boolean } = {}): Promise<Redis> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("redis"));
  const port = await freePort();
  const run = async () => {
    const process = startProcess({
      name: "redis",
      command: redisPath(),
      args: [
        ...["--bind", "127.0.0.1", "--port", String(port), "--dir", folder.path],
        ...["--save", "", "--appendonly", durable ? "yes" : "no", "--appendfsync", "always"],
        ...["--maxmemory", "256mb", "--maxmemory-policy", durable ? "noeviction" : "allkeys-lru"],
      ],
    });
    await process.line(/Ready to accept connections/, 20_000).catch((cause) => {
      throw new Error(lastWords(process), { cause });
    });
    return process;
  };
  let process = await run();
  starting.defer(async () => {
    process.signal("SIGCONT");
    await process.stop();
  });
  const started = starting.move();
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return process.pid;
    },
    freeze: () => process.signal("SIGSTOP"),
    thaw: () => process.signal("SIGCONT"),
    async stop(signal = "SIGTERM") {
      process.signal("SIGCONT");
      await process.stop(signal);
    },
    async start() {
      process = await run();
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Is there a Redis to start? A test that is passed over for lack of one says so. */
export function hasRedis(t: TestContext): boolean {
  if (process.env["WEIR_REDIS"]) return true;
  t.skip("there is no Redis or Valkey here; npm test unpacks Debian's, or name one in WEIR_REDIS");
  return false;
}

function redisPath(): string {
  const path = process.env["WEIR_REDIS"];
  if (!path) throw new Error("WEIR_REDIS does not name a Redis: run tests with npm test, which finds or unpacks one");
  return path;
}
