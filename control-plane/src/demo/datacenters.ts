import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Child, Exit } from "./child.ts";
import type { StartedServer } from "./programs.ts";

/** One report server of the demo. */
export type Server = {
  readonly id: string;
  readonly datacenter: string;
  readonly zone: string;
  readonly faultFile: string;
};

export type DatacenterState = {
  readonly name: string;
  readonly up: number;
  readonly of: number;
  /** What was done to it; empty when it is as it should be. */
  readonly note: string;
};

export type Fault = {
  /** A gRPC status code's name. */
  readonly status: string;
  readonly percent: number;
};

export type DatacenterNote =
  | { readonly kind: "datacenter-killed"; readonly datacenter: string; readonly servers: number }
  | {
      readonly kind: "datacenter-started";
      readonly datacenter: string;
      readonly servers: number;
      readonly tookMs: number;
    }
  | { readonly kind: "datacenter-draining"; readonly datacenter: string; readonly servers: number }
  | {
      readonly kind: "datacenter-drained";
      readonly datacenter: string;
      readonly servers: number;
      readonly tookMs: number;
    }
  | { readonly kind: "datacenter-failing"; readonly datacenter: string; readonly fault: Fault }
  | { readonly kind: "datacenter-healed"; readonly datacenter: string }
  | { readonly kind: "server-lost"; readonly child: Child; readonly exit: Exit };

/** Three servers in each data center, and what can be done to them. Each verb resolves when it has happened. */
export type Datacenters = AsyncDisposable & {
  readonly names: readonly string[];
  states(): readonly DatacenterState[];
  /** The first server of each data center: enough for traffic to begin. */
  startFirst(): Promise<void>;
  /** Starts what is missing; resolves with the number of servers started. */
  start(datacenter: string): Promise<number>;
  /** SIGKILL. */
  kill(datacenter: string): Promise<number>;
  /** SIGTERM: each server leaves the registry, finishes what it has, and ends. */
  stop(datacenter: string): Promise<number>;
  fail(datacenter: string, fault: Fault): Promise<void>;
  heal(datacenter: string): Promise<void>;
};

/** Where a data center has its first server. */
export const firstZone = "z1";
const zones = [firstZone, "z2", "z3"];
const drainPatienceMs = 40_000;

export async function createDatacenters({
  names,
  folder,
  startServer,
  observe,
}: {
  readonly names: readonly string[];
  /** Where the fault files lie. */
  readonly folder: string;
  readonly startServer: (server: Server) => Promise<StartedServer>;
  readonly observe: (note: DatacenterNote) => void;
}): Promise<Datacenters> {
  await mkdir(folder, { recursive: true });
  const faultFileOf = (datacenter: string) => join(folder, `${datacenter}.json`);
  const servers = names.flatMap((datacenter) =>
    zones.map((zone, index): Server => {
      return { id: `${datacenter}-${index + 1}`, datacenter, zone, faultFile: faultFileOf(datacenter) };
    }),
  );
  const running = new Map<string, { readonly child: Child; isUp: boolean }>();
  const notes = new Map<string, string>();
  const faults = new Map<string, string>();
  /** Those whose end is our doing. */
  const ending = new Set<Child>();
  /** Those on their way: the end must not overlook them. */
  const starts = new Set<Promise<void>>();
  let isOver = false;

  const run = (server: Server) => {
    const started = runServer(server).finally(() => starts.delete(started));
    starts.add(started);
    return started;
  };
  const runServer = async (server: Server) => {
    const { child, ready } = await startServer(server);
    if (isOver) {
      ending.add(child);
      await child.kill();
    }
    const entry = { child, isUp: false };
    running.set(server.id, entry);
    void child.exit.then((exit) => {
      if (running.get(server.id) === entry) running.delete(server.id);
      if (!ending.has(child)) observe({ kind: "server-lost", child, exit });
    });
    await ready;
    entry.isUp = true;
  };
  const of = (datacenter: string) => servers.filter((server) => server.datacenter === datacenter);
  const childrenOf = (datacenter: string) => of(datacenter).flatMap(({ id }) => running.get(id)?.child ?? []);
  const end = async (children: readonly Child[], how: (child: Child) => Promise<Exit>) => {
    for (const child of children) ending.add(child);
    await Promise.all(children.map(how));
    return children.length;
  };

  return {
    names,
    states: () =>
      names.map((name) => {
        const up = of(name).filter(({ id }) => running.get(id)?.isUp).length;
        const note = [notes.get(name), faults.get(name)].filter((each) => each !== undefined).join(", ");
        return { name, up, of: of(name).length, note };
      }),
    async startFirst() {
      await Promise.all(names.flatMap((name) => of(name).slice(0, 1).map(run)));
    },
    async start(datacenter) {
      const began = performance.now();
      notes.delete(datacenter);
      const missing = of(datacenter).filter(({ id }) => !running.has(id));
      await Promise.all(missing.map(run));
      const tookMs = performance.now() - began;
      observe({ kind: "datacenter-started", datacenter, servers: missing.length, tookMs });
      return missing.length;
    },
    async kill(datacenter) {
      const children = childrenOf(datacenter);
      if (children.length === 0) return 0;
      notes.set(datacenter, "killed");
      const killed = end(children, (child) => child.kill());
      observe({ kind: "datacenter-killed", datacenter, servers: children.length });
      return killed;
    },
    async stop(datacenter) {
      const began = performance.now();
      const children = childrenOf(datacenter);
      if (children.length === 0) return 0;
      notes.set(datacenter, "draining");
      observe({ kind: "datacenter-draining", datacenter, servers: children.length });
      const count = await end(children, (child) => child.stop(drainPatienceMs));
      notes.set(datacenter, "drained");
      observe({ kind: "datacenter-drained", datacenter, servers: count, tookMs: performance.now() - began });
      return count;
    },
    async fail(datacenter, fault) {
      await writeFile(faultFileOf(datacenter), JSON.stringify({ status: fault.status, percent: fault.percent }));
      faults.set(datacenter, `${fault.status} ${fault.percent} %`);
      observe({ kind: "datacenter-failing", datacenter, fault });
    },
    async heal(datacenter) {
      await rm(faultFileOf(datacenter), { force: true });
      faults.delete(datacenter);
      observe({ kind: "datacenter-healed", datacenter });
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await end(names.flatMap(childrenOf), (child) => child.kill());
      await Promise.allSettled(starts);
    },
  };
}
