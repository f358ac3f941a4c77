import { join } from "node:path";
import { nodeFlags } from "../../setup/node-flags.mjs";
import { freePorts } from "../kit/ports.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";
import type { Bench } from "./bench.ts";
import type { Cell } from "./cell.ts";

/** A go-control-plane cache, as the peer names them. */
export type PeerCache = "linear" | "mux" | "snapshot" | "floor";
export type Side = "ours" | PeerCache;

/** An xDS server under test. `GET /bump?cluster=K` on its `http` changes one endpoint's weight. */
export type ServerUnderTest = AsyncDisposable & {
  readonly pid: () => number;
  readonly xds: string;
  readonly http: string;
  /** Kills it and starts it anew at the same addresses; resolves when it serves. */
  restart(): Promise<void>;
};

/** Starts ours or theirs with the cell's world. */
export async function startServer(side: Side, cell: Cell, bench: Bench | undefined): Promise<ServerUnderTest> {
  const [xdsPort, httpPort] = await freePorts(2);
  const [xds, http] = [`127.0.0.1:${xdsPort}`, `127.0.0.1:${httpPort}`];
  const start = async (): Promise<RunningProcess> => {
    const child = startProcess(side === "ours" ? ours(cell, xds, http) : theirs(side, cell, xds, http, bench));
    const isUp = async () => (await fetch(`http://${http}/stats`)).ok;
    await until(isUp, { within: 60_000, what: `${side} serves its ${cell.clusters} clusters`, everyMs: 50 });
    return child;
  };
  let child = await start();
  return {
    pid: () => child.pid,
    xds,
    http,
    async restart() {
      await child.stop("SIGKILL");
      child = await start();
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

type Program = Parameters<typeof startProcess>[0];

function ours({ clusters, endpoints, doing }: Cell, xds: string, http: string): Program {
  const engine = join(import.meta.dirname, "engine.ts");
  const args = [
    ...nodeFlags,
    engine,
    "--clusters",
    `${clusters}`,
    "--endpoints",
    `${endpoints}`,
    "--xds",
    xds,
    "--http",
    http,
  ];
  return { name: "weir", command: process.execPath, args: [...args, ...(doing === "held" ? ["--watch-loop"] : [])] };
}

function theirs(
  cache: PeerCache,
  { clusters, endpoints }: Cell,
  xds: string,
  http: string,
  bench: Bench | undefined,
): Program {
  if (bench === undefined) throw new Error(`no ${cache} to compare with: give --bench DIR`);
  const args = ["-addr", xds, "-http", http, "-cache", cache, "-clusters", `${clusters}`, "-endpoints", `${endpoints}`];
  return { name: cache, command: bench.peer, args };
}
