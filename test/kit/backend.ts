import { fileURLToPath } from "node:url";
import { type MethodDefinition, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { sayMethod } from "./echo.ts";
import { type RunningProcess, startProcess } from "./process.ts";

export type BackendIdentity = { readonly id: string; readonly datacenter: string };

/** A gRPC server that answers with who it is. */
export type Backend = AsyncDisposable &
  BackendIdentity & {
    /** `host:port`. */
    readonly address: string;
    readonly port: number;
    /** How many requests it has been given. */
    calls(): number;
    /** Whether it answers UNAVAILABLE from now on; its health service goes on saying that it serves. */
    fail(failing: boolean): void;
    /** What its health service says. */
    serving(serving: boolean): void;
    /** Takes no more requests, and resolves once those that it has are answered. */
    finish(): Promise<void>;
  };

/** Starts one in this process. Disposing of it cuts its connections. */
export async function startBackend({
  id,
  datacenter,
  host = "127.0.0.1",
  port = 0,
  latencyMs = 0,
}: BackendIdentity & {
  readonly host?: string;
  readonly port?: number;
  readonly latencyMs?: number;
}): Promise<Backend> {
  const server = new Server();
  let calls = 0;
  let failing = false;
  server.addService(
    { say: sayMethod },
    {
      say(_call: unknown, answer: (error: object | null, reply?: BackendIdentity) => void) {
        calls += 1;
        const respond = () => {
          if (failing) answer({ code: status.UNAVAILABLE, details: `${id} was told to fail` });
          else answer(null, { id, datacenter });
        };
        if (latencyMs > 0) setTimeout(respond, latencyMs);
        else respond();
      },
    },
  );
  let serving = true;
  server.addService(
    { check: healthMethod },
    { check: (_call: unknown, answer: (error: null, serving: boolean) => void) => answer(null, serving) },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    const creds = ServerCredentials.createInsecure();
    server.bindAsync(`${host}:${port}`, creds, (error, chosen) => (error ? reject(error) : resolve(chosen)));
  });
  return {
    id,
    datacenter,
    address: `${host}:${bound}`,
    port: bound,
    calls: () => calls,
    fail(now) {
      failing = now;
    },
    serving(now) {
      serving = now;
    },
    finish: () => new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve()))),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** The unary method of grpc.health.v1, which is what Envoy's health checks call; its answer's field 1 is 1 or 2. */
const healthMethod: MethodDefinition<Buffer, boolean> = {
  path: "/grpc.health.v1.Health/Check",
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes) => bytes,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (serving) => Buffer.of(0x08, serving ? 1 : 2),
  responseDeserialize: (bytes) => bytes[1] === 1,
};

/** A backend that can be killed. */
export type BackendProcess = AsyncDisposable &
  BackendIdentity & {
    readonly process: RunningProcess;
    readonly address: string;
    readonly port: number;
    fail(failing: boolean): void;
    /** Ends it without a word, as a crash does. */
    kill(): Promise<void>;
  };

/** Starts one in a process of its own; `within` is what runs it elsewhere, as in a network namespace. */
export async function startBackendProcess({
  id,
  datacenter,
  host = "127.0.0.1",
  port = 0,
  within = [],
}: BackendIdentity & {
  readonly host?: string;
  readonly port?: number;
  readonly within?: readonly string[];
}): Promise<BackendProcess> {
  const main = fileURLToPath(new URL("./backend-main.ts", import.meta.url));
  const [command, ...args] = [...within, process.execPath, main, id, datacenter, String(port), host] as const;
  const child = startProcess({ name: `backend ${id}`, command: command ?? process.execPath, args });
  const ready = await child.json(({ ready }) => ready === true);
  return {
    id,
    datacenter,
    process: child,
    address: String(ready["address"]),
    port: Number(ready["port"]),
    fail: (failing) => child.write(failing ? "fail" : "answer"),
    async kill() {
      await child.stop("SIGKILL");
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
