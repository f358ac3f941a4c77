import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { grpcBootstrap } from "../bootstrap/grpc.ts";
import type { Child } from "./child.ts";
import type { DemoClient } from "./clients.ts";
import { freePorts } from "./free-ports.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { isLoadReport, type LoadClient, type LoadOrder, type LoadReport } from "./load/load-report.ts";
import type { Programs } from "./programs.ts";

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
  /** Lets them begin, now that there is somebody to answer. */
  begin(where: { readonly xdsPort: number; readonly edgePorts: ReadonlyMap<string, number> }): Promise<void>;
};

export function createCrowd({
  clients,
  requestsPerSecond,
  folder,
  programs,
  onReport,
}: {
  readonly clients: readonly DemoClient[];
  /** Of all clients together. */
  readonly requestsPerSecond: number;
  /** Where the processes look for their orders. */
  readonly folder: string;
  readonly programs: Programs;
  readonly onReport: (report: LoadReport) => void;
}): Crowd {
  const ledger = createLedger();
  const newest = new Map<string, LoadReport>();
  const flowing = Promise.withResolvers<void>();
  const silent = new Set(clients.map(({ name }) => name));
  const groups = [
    { name: "load-edges", own: clients.filter(({ kind }) => kind === "Envoy"), preload: [] },
    { name: "load-proxyless", own: clients.filter(({ kind }) => kind === "grpc-js"), preload: ["xds"] },
  ].filter(({ own }) => own.length > 0);
  const orderFile = (name: string) => join(folder, `${name}.json`);

  const hear = (name: string, line: string) => {
    const report: unknown = line.startsWith("{") ? JSON.parse(line) : undefined;
    if (!isLoadReport(report)) return;
    newest.set(name, report);
    ledger.add(report.tallies);
    onReport(report);
    for (const { client, status } of report.tallies) if (status === "OK") silent.delete(client);
    if (silent.size === 0) flowing.resolve();
  };

  return {
    clients,
    ledger,
    flowing: flowing.promise,
    silent: () => [...silent],
    sums() {
      const all = [...newest.values()];
      const sum = (of: (report: LoadReport) => number) => all.reduce((total, report) => total + of(report), 0);
      return {
        created: sum(({ created }) => created),
        succeeded: {
          SQL: sum(({ succeeded }) => succeeded.SQL),
          JavaScript: sum(({ succeeded }) => succeeded.JavaScript),
          Python: sum(({ succeeded }) => succeeded.Python),
        },
        failed: sum(({ failed }) => failed),
        inFlight: sum(({ inFlight }) => inFlight),
      };
    },
    async start() {
      return Promise.all(
        groups.map(({ name, preload }) =>
          programs.startNode(name, "./load/load-main.ts", [orderFile(name), ...preload], {
            onLine: (line) => hear(name, line),
          }),
        ),
      );
    },
    async begin({ xdsPort, edgePorts }) {
      const [adminPort = 0] = await freePorts([0]);
      for (const { name, own } of groups) {
        const order: LoadOrder = {
          perSecond: requestsPerSecond / clients.length,
          clients: own.map((client) => orderFor(client, { xdsPort, adminPort, edgePort: edgePorts.get(client.name) })),
        };
        // Whole or not at all: it is looked for all the time.
        await writeFile(`${orderFile(name)}.new`, JSON.stringify(order));
        await rename(`${orderFile(name)}.new`, orderFile(name));
      }
    },
  };
}

function orderFor(
  { name, datacenter, zone }: DemoClient,
  {
    xdsPort,
    adminPort,
    edgePort,
  }: { readonly xdsPort: number; readonly adminPort: number; readonly edgePort: number | undefined },
): LoadClient {
  if (edgePort !== undefined) return { kind: "behind-envoy", name, target: `127.0.0.1:${edgePort}` };
  const locality = { region: datacenter, zone, subZone: "" };
  const xds = { host: "127.0.0.1", port: xdsPort };
  const bootstrap = grpcBootstrap({
    nodeId: name,
    cluster: "demo",
    locality,
    xds,
    admin: { host: "127.0.0.1", port: adminPort },
  });
  return { kind: "proxyless", name, target: "xds:///report", bootstrap: JSON.stringify(bootstrap), adminPort };
}
