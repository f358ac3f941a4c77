import { type EnvoyBootstrap, envoyBootstrap } from "../../control-plane/src/bootstrap/envoy.ts";
import { type BackendProcess, startBackendProcess } from "./backend.ts";
import { type Envoy, startEnvoy } from "./envoy.ts";
import { type Load, startLoad } from "./grpc-load.ts";
import { freePort } from "./ports.ts";
import { startWeir, type Weir } from "./weir.ts";
import { startXdsClient, type XdsClient } from "./xds-client.ts";

export const datacenters = ["dc-a", "dc-b", "dc-c"] as const;
export type Datacenter = (typeof datacenters)[number];

/** The documents of the scene: 70/30 over two data centers, the third as failover, everything else as it comes. */
export const seventyThirty = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  protocol: GRPC
  hosts: [report]
  endpoints: [{registry: {}}]
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules:
    - from: "*"
      to: {dc-a: 70, dc-b: 30}
      failover: [dc-c]
`;

/** A control plane, backends in three data centers that are registered with it, an Envoy edge and a proxyless client. */
export type Scene = AsyncDisposable & {
  readonly weir: Weir;
  readonly edge: Envoy;
  /** Requests through the edge. */
  readonly throughEdge: Load;
  /** Requests of the Node xDS client. */
  readonly proxyless: XdsClient;
  backends(datacenter: Datacenter): readonly BackendProcess[];
};

/** Starts all of it; resolves when both clients are answered. */
export async function startScene({
  documents = seventyThirty,
  perDatacenter = 2,
  leaseSeconds = 0,
  edge = {},
  proxylessAdmin = false,
  weirArgs = [],
}: {
  readonly documents?: string;
  readonly perDatacenter?: number;
  readonly leaseSeconds?: number;
  readonly edge?: Partial<EnvoyBootstrap>;
  /** Whether the proxyless client serves CSDS, and tells where. */
  readonly proxylessAdmin?: boolean;
  readonly weirArgs?: readonly string[];
} = {}): Promise<Scene> {
  await using started = new AsyncDisposableStack();
  const starting = datacenters.flatMap((datacenter) =>
    Array.from({ length: perDatacenter }, (_, index) => {
      const backend = startBackendProcess({ id: `${datacenter}-${index + 1}`, datacenter });
      // Ended also when something else fails to start first.
      started.defer(async () => (await backend.catch(() => undefined))?.[Symbol.asyncDispose]());
      return backend;
    }),
  );
  const weir = started.use(await startWeir({ documents: { "report.yaml": documents }, args: weirArgs }));
  const backends = await Promise.all(starting);
  for (const backend of backends) await register(weir, backend, leaseSeconds);
  const envoy = started.use(await startEdge(weir, edge));
  const throughEdge = started.use(startLoad({ target: await envoy.listener("edge"), authority: "report" }));
  const adminPort = proxylessAdmin ? await freePort() : undefined;
  const metadata = { weir: { admin: `127.0.0.1:${adminPort}` } };
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  const proxyless = started.use(
    await startXdsClient({
      ...{ target: "xds:///report", xds: weir.xds },
      node: adminPort === undefined ? node : { ...node, metadata },
      env: adminPort === undefined ? {} : { XDS_CLIENT_ADMIN: String(adminPort) },
    }),
  );
  for (const load of [throughEdge, proxyless]) await load.send(1);
  const running = started.move();
  return {
    weir,
    edge: envoy,
    throughEdge,
    proxyless,
    backends: (datacenter) => backends.filter((backend) => backend.datacenter === datacenter),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export async function register(
  weir: Weir,
  { id, address, datacenter }: BackendProcess,
  leaseSeconds = 0,
): Promise<void> {
  const body = { address, locality: `${datacenter}/z1`, leaseSeconds };
  const { status, body: answer } = await weir.api("PUT", `/v1/registry/services/report/endpoints/${id}`, body);
  if (status >= 300) throw new Error(`registering ${id}: ${status} ${JSON.stringify(answer)}`);
}

/** An Envoy edge of this control plane, on free ports, in dc-a unless told. */
export async function startEdge(
  { xds }: Weir,
  { nodeId = "edge-1", ...wanted }: Partial<EnvoyBootstrap> = {},
): Promise<Envoy> {
  const [host = "", port = ""] = xds.split(":");
  // Where it can be asked has to be known before it starts.
  const adminPort = wanted.tellsAdmin ? await freePort() : 0;
  const bootstrap = envoyBootstrap({
    nodeId,
    role: "edge",
    locality: { region: "dc-a", zone: "z1", subZone: "" },
    xds: { host, port: Number(port) },
    listen: { host: "127.0.0.1", port: await freePort() },
    ...(adminPort > 0 && { admin: { host: "127.0.0.1", port: adminPort } }),
    ...wanted,
  });
  return startEnvoy({ name: nodeId, bootstrap, adminPort });
}

export type Push = {
  readonly node: string;
  readonly type: string;
  readonly resources: number;
  readonly removed: number;
};

/** What the control plane has sent since its log had `from` lines; it must run with `--log-level debug`. Empty answers too. */
export function pushes({ process }: Weir, from = 0): readonly Push[] {
  return process()
    .lines.slice(from)
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []))
    .filter(({ msg }) => typeof msg === "string" && msg.startsWith("sent "))
    .map(({ node, type, resources, removed }) => ({
      node: String(node),
      type: String(type),
      resources: Number(resources),
      removed: Number(removed),
    }));
}
