import { fileURLToPath } from "node:url";
import type { XdsLimits } from "../../control-plane/src/xds-server.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import type { Target } from "./raw-client.ts";

export type ServerOptions = {
  readonly host: string;
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
  /** How often the world was changed. */
  readonly bumps: number;
  readonly sockets: number;
  readonly clients: number;
  /** How often each kind of note was told; one that stands for many counts as many. */
  readonly counts: Readonly<Record<string, number>>;
  /** The clients that were ended because they did not answer. */
  readonly slow: readonly string[];
  /** The last note of each kind. */
  readonly last: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** An xDS server in a process of its own. */
export type AttackedServer = AsyncDisposable & {
  readonly process: RunningProcess;
  readonly target: Target;
  /** Changes the endpoints of `cluster-00000`. */
  bump(): Promise<void>;
  /** From now on and for so long, a thousand times a second. */
  bumpFor(ms: number): Promise<void>;
  stats(): Promise<ServerStats>;
};

/** Starts one that serves made-up clusters; small and patient unless told. */
export async function startServer({
  host = "127.0.0.1",
  clusters = 10,
  endpoints = 10,
  ackTimeoutMs = 45_000,
  limits = {},
}: Partial<ServerOptions> = {}): Promise<AttackedServer> {
  const options: ServerOptions = { host, clusters, endpoints, ackTimeoutMs, limits };
  const child = startProcess({
    name: "attacked server",
    command: process.execPath,
    args: ["--expose-gc", fileURLToPath(new URL("./server-main.ts", import.meta.url)), JSON.stringify(options)],
  });
  const { xds, http } = await child.json(({ ready }) => ready === true);
  const get = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${http}${path}`)).json();
  return {
    process: child,
    target: { host, port: Number(xds) },
    async bump() {
      await get("/bump");
    },
    async bumpFor(ms) {
      await get(`/bumps?ms=${ms}`);
    },
    stats: () => get("/stats") as Promise<ServerStats>,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
