import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pause } from "../lib/wait.ts";
import { type Child, type Exit, lastWords } from "./child.ts";
import { type DemoClient, demoClients } from "./clients.ts";
import { type Crowd, createCrowd } from "./crowd.ts";
import { createDatacenters, type DatacenterNote, type Datacenters, firstZone } from "./datacenters.ts";
import type { Env } from "./demo-io.ts";
import { startEdge } from "./edge.ts";
import { freePorts } from "./free-ports.ts";
import type { LoadReport } from "./load/load-report.ts";
import { createOperatorApi, type OperatorApi } from "./operator-api.ts";
import { createPrograms, type Programs } from "./programs.ts";
import { startControlPlane } from "./start-control-plane.ts";
import { createTroupe } from "./troupe.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Everything that runs, on loopback, each part a process of its own. */
export type Stage = AsyncDisposable & {
  /** The operator's address: `http://127.0.0.1:18080`. */
  readonly admin: string;
  readonly api: OperatorApi;
  readonly datacenters: Datacenters;
  readonly crowd: Crowd;
  readonly programs: Programs;
  /** Settles when the servers that traffic did not wait for serve as well. */
  readonly complete: Promise<void>;
};

export type StageNote =
  | DatacenterNote
  | { readonly kind: "control-plane-ready"; readonly xds: string; readonly admin: string; readonly afterMs: number }
  | { readonly kind: "first-servers-up"; readonly servers: number; readonly afterMs: number }
  | {
      readonly kind: "clients-started";
      readonly clients: readonly DemoClient[];
      readonly edgePorts: ReadonlyMap<string, number>;
      readonly afterMs: number;
    }
  /** Every client has had an answer; `acked` of `of` have ACKed all of their configuration. */
  | { readonly kind: "traffic-flows"; readonly acked: number; readonly of: number; readonly afterMs: number }
  | { readonly kind: "all-servers-up"; readonly servers: number; readonly afterMs: number }
  | { readonly kind: "load-reported"; readonly report: LoadReport }
  | { readonly kind: "part-lost"; readonly child: Child; readonly exit: Exit };

export type StageOptions = {
  /** For logs, data and documents. */
  readonly folder: string;
  /** The Envoy program; without one there are no edges. */
  readonly envoy: string | undefined;
  readonly requestsPerSecond: number;
  /** Taken if they are free; without them any. */
  readonly usualPorts?: { readonly xds: number; readonly admin: number; readonly edges: readonly number[] };
  readonly env: Env;
};

const patienceMs = 60_000;
const datacenterNames = ["dc-a", "dc-b", "dc-c"];
const documents = fileURLToPath(new URL("./config", import.meta.url));

/**
 * Starts everything and resolves when all clients have had answers; `observe` hears of each step, and of all that comes
 * later.
 *
 * The order is for speed on two cores. The load's processes load their modules while the control plane starts. Its address is
 * known only then: report servers that were told a port before it was bound could join a stranger's. One server of each data
 * center is enough for traffic, so the other six start when it flows.
 */
export async function startStage(
  { folder, envoy, requestsPerSecond, usualPorts, env }: StageOptions,
  observe: (note: StageNote) => void,
  signal: AbortSignal,
): Promise<Stage> {
  const began = performance.now();
  const afterMs = () => performance.now() - began;
  await freshFolder(folder);
  const programs = createPrograms(join(folder, "logs"), env);

  // Ended in reverse: first the load, so that what is ended after it is missed by nobody.
  await using parts = new AsyncDisposableStack();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const lost = async (child: Child, exit: Exit) => {
    observe({ kind: "part-lost", child, exit });
    broken.reject(new Error(await lastWords(child, exit)));
  };
  /** Waits for a step of the start, unless a part breaks or nobody wants it any more. */
  const step = <T>(waited: Promise<T>): Promise<T> => unlessAborted(Promise.race([waited, broken.promise]), signal);
  const controlPlane = parts.use(createTroupe(lost));
  const servers = parts.use(new AsyncDisposableStack());
  const edges = parts.use(createTroupe(lost));
  const load = parts.use(createTroupe(lost));

  const crowd = createCrowd({
    clients: demoClients({ withEnvoy: envoy !== undefined }),
    requestsPerSecond,
    folder,
    programs,
    onReport: (report) => observe({ kind: "load-reported", report }),
  });
  const starting = startControlPlane({ programs, folder, wanted: usualPorts ?? { xds: 0, admin: 0 }, signal });
  starting.catch(() => undefined);
  for (const child of await crowd.start()) load.add(child);
  const { child, xds, admin } = await starting;
  controlPlane.add(child);
  observe({ kind: "control-plane-ready", xds, admin, afterMs: afterMs() });

  let isComplete = false;
  const datacenters = servers.use(
    await createDatacenters({
      names: datacenterNames,
      folder: join(folder, "faults"),
      startServer: ({ id, datacenter, zone, faultFile }) =>
        programs.startServer(id, "../../../report-service/src/main.ts", [
          ...["serve", "--listen", "127.0.0.1:0", "--locality", `${datacenter}/${zone}`, "--id", id],
          ...["--registry", admin, "--registry-lease", "5s", "--log-level", "warn"],
          ...["--data", join(folder, "reports"), "--fault-file", faultFile],
          // One in each data center: every language needs a process of its own.
          ...["--languages", zone === firstZone ? "sql,javascript,python" : "sql"],
        ]),
      // The start is told as a whole.
      observe: (note) => (note.kind === "datacenter-started" && !isComplete) || observe(note),
    }),
  );
  const firstServers = datacenters.startFirst();
  firstServers.catch(() => undefined);
  const xdsPort = Number(new URL(`tcp://${xds}`).port);
  const edgePorts = await portsOfEdges(crowd.clients, xdsPort === usualPorts?.xds ? usualPorts.edges : []);
  for (const client of crowd.clients) {
    const port = edgePorts.get(client.name);
    if (port !== undefined && envoy !== undefined)
      edges.add(await startEdge({ client, port, xdsPort, folder, envoy, programs }));
  }
  observe({ kind: "clients-started", clients: crowd.clients, edgePorts, afterMs: afterMs() });
  await step(firstServers);
  const api = createOperatorApi(admin, signal);
  await step(everywhere(api, signal));
  observe({ kind: "first-servers-up", servers: datacenterNames.length, afterMs: afterMs() });
  await crowd.begin({ xdsPort, edgePorts });
  await step(Promise.race([crowd.flowing, late(crowd)]));
  observe({ kind: "traffic-flows", ...(await step(api.settled(5))), afterMs: afterMs() });

  const complete = Promise.all(datacenterNames.map((name) => datacenters.start(name))).then((started) => {
    isComplete = true;
    observe({ kind: "all-servers-up", servers: datacenterNames.length + sumOf(started), afterMs: afterMs() });
  });
  complete.catch(() => undefined);
  const moved = parts.move();
  return { admin, api, datacenters, crowd, programs, complete, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** A port for each Envoy: these if they are free, and else any. Whoever has the usual port for xDS may have them all. */
async function portsOfEdges(
  clients: readonly DemoClient[],
  wanted: readonly number[],
): Promise<ReadonlyMap<string, number>> {
  const edges = clients.filter(({ kind }) => kind === "Envoy");
  const ports = await freePorts(edges.map((_, index) => wanted[index] ?? 0));
  return new Map(edges.map(({ name }, index) => [name, ports[index] ?? 0]));
}

/** Waits until a server of each data center is registered: the load is not to begin at whichever came first. */
async function everywhere(api: OperatorApi, signal: AbortSignal): Promise<void> {
  const isThere = async () => (await api.traffic()).rows.every(({ endpoints }) => endpoints.serving > 0);
  // A control plane that does not answer is one that ends: that tells more.
  while (!(await isThere().catch(() => false)) && !signal.aborted) await pause(30, signal);
}

async function late({ silent }: Crowd): Promise<never> {
  await delay(patienceMs, undefined, { ref: false });
  throw new Error(`${silent().join(" and ")} had no answer within ${patienceMs / 1000} s`);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

async function freshFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(documents, join(folder, "config"), { recursive: true });
}
