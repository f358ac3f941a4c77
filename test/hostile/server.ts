import { fileURLToPath } from "node:url";
import type { XdsLimits } from "../../control-plane/src/xds-server.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import type { Target } from "./raw-client.ts";

export type ServerOptions = {
  readonly clusters: number;
  readonly endpoints: number;
  readonly ackTimeoutMs: number;
  readonly limits: Partial<XdsLimits>;
};

/** Of the server's process, after its garbage was collected. */
export type ServerStats = {
  readonly rssBytes: number;
  /** What V8 holds, in its heap and outside of it; without what HTTP/2 allocates for itself. */
  readonly heldBytes: number;
  readonly cpuMs: number;
  readonly sockets: number;
  readonly clients: number;
  /** How often each kind of note was told; one that stands for many counts as many. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last note of each kind. */
  readonly last: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** An xDS server in a process of its own. */
export type AttackedServer = AsyncDisposable & {
  readonly process: RunningProcess;
  readonly target: Target;
  /** Changes the endpoints of `cluster-00000`. */
  bump(): Promise<void>;
  stats(): Promise<ServerStats>;
};

/** Starts one that serves made-up clusters; small and patient unless told. */
export async function startServer({
  clusters = 10,
  endpoints = 10,
  ackTimeoutMs = 45_000,
  limits = {},
}: Partial<ServerOptions> = {}): Promise<AttackedServer> {
  const options: ServerOptions = { clusters, endpoints, ackTimeoutMs, limits };
  const child = startProcess({
    name: "attacked server",
    command: process.execPath,
    args: ["--expose-gc", fileURLToPath(new URL("./server-main.ts", import.meta.url)), JSON.stringify(options)],
  });
  const { xds, http } = await child.json(({ ready }) => ready === true);
  const get = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${http}${path}`)).json();
  return {
    process: child,
    target: { host: "127.0.0.1", port: Number(xds) },
    async bump() {
      await get("/bump");
    },
    stats: () => get("/stats") as Promise<ServerStats>,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
