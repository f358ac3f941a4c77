import { grpcBootstrap } from "../bootstrap/grpc.ts";
import type { Child } from "./child.ts";
import type { Env } from "./demo-io.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { isLoadReport, type LoadOrder, type LoadReport } from "./load/load-report.ts";
import type { Programs } from "./programs.ts";

/** What sends the demo's requests. */
export type DemoClient = {
  readonly name: string;
  readonly kind: "Envoy" | "grpc-js";
  readonly datacenter: string;
  readonly zone: string;
  /** Where it is dialed: an edge's `host:port`, or `xds:///report`. */
  readonly target: string;
};

/** The load: how much there was, and what came of it. */
export type Crowd = {
  readonly clients: readonly DemoClient[];
  readonly ledger: Ledger;
  /** Reports since the start, and requests in flight by the last count. */
  sums(): Pick<LoadReport, "created" | "succeeded" | "failed" | "inFlight">;
  /** Settles when each client has had an answer. */
  readonly flowing: Promise<void>;
  /** Those that have had none. */
  silent(): readonly string[];
  /** Starts the processes that carry the load: one for all edges, and one for the proxyless client, whose resolver is global. */
  start(): Promise<readonly Child[]>;
};

export function createCrowd({
  clients,
  requestsPerSecond,
  xdsPort,
  gate,
  programs,
  onReport,
}: {
  readonly clients: readonly DemoClient[];
  /** Of all clients together. */
  readonly requestsPerSecond: number;
  readonly xdsPort: number;
  /** Who listens once there is somebody to answer: `host:port`. */
  readonly gate: string;
  readonly programs: Programs;
  readonly onReport: (report: LoadReport) => void;
}): Crowd {
  const ledger = createLedger();
  const newest = new Map<string, LoadReport>();
  const flowing = Promise.withResolvers<void>();
  const silent = new Set(clients.map(({ name }) => name));

  const startProcess = (name: string, own: readonly DemoClient[], env: Env) => {
    const order: LoadOrder = {
      perSecond: requestsPerSecond / clients.length,
      clients: own.map(({ name, kind, target }) => ({
        name,
        target,
        after: kind === "Envoy" ? [gate, target] : [gate],
      })),
    };
    const onLine = (line: string) => {
      const report: unknown = line.startsWith("{") ? JSON.parse(line) : undefined;
      if (!isLoadReport(report)) return;
      newest.set(name, report);
      ledger.add(report.tallies);
      onReport(report);
      for (const { client, status } of report.tallies) if (status === "OK") silent.delete(client);
      if (silent.size === 0) flowing.resolve();
    };
    return programs.startNode(name, "./load/load-main.ts", [JSON.stringify(order)], { env, onLine });
  };

  return {
    clients,
    ledger,
    flowing: flowing.promise,
    silent: () => [...silent],
    sums() {
      const all = [...newest.values()];
      const sum = (key: "created" | "succeeded" | "failed" | "inFlight") =>
        all.reduce((total, report) => total + report[key], 0);
      return { created: sum("created"), succeeded: sum("succeeded"), failed: sum("failed"), inFlight: sum("inFlight") };
    },
    async start() {
      const edges = clients.filter(({ kind }) => kind === "Envoy");
      const proxyless = clients.filter(({ kind }) => kind === "grpc-js");
      return Promise.all([
        ...(edges.length > 0 ? [startProcess("load-edges", edges, {})] : []),
        ...proxyless.map((client) =>
          startProcess(`load-${client.name}`, [client], { GRPC_XDS_BOOTSTRAP_CONFIG: bootstrapText(client, xdsPort) }),
        ),
      ]);
    },
  };
}

function bootstrapText({ name, datacenter, zone }: DemoClient, xdsPort: number): string {
  const locality = { region: datacenter, zone, subZone: "" };
  return JSON.stringify(
    grpcBootstrap({ nodeId: name, cluster: "demo", locality, xds: { host: "127.0.0.1", port: xdsPort } }),
  );
}
