import { fileURLToPath } from "node:url";
import type { RouteSpec } from "../../control-plane/src/model/route.ts";
import type { ServiceSpec } from "../../control-plane/src/model/service.ts";
import { collectionOf } from "../../control-plane/src/operator/collections.ts";
import type { DocumentKind } from "../../control-plane/src/policy/policy-store.ts";
import { canCall, grpcListenerName, resourceNames } from "../../control-plane/src/translate/resource-names.ts";
import { lastWords, type RunningProcess, startProcess } from "../kit/process.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import type { GoodSet } from "./mend-documents.ts";

/** A control plane with an Envoy of each role and the Node client, which are shown one set of documents after the other. */
export type LiveScene = AsyncDisposable & {
  /** Puts this set in the place of the one before; resolves when every client has all of it, rejects when one refused. */
  show(set: GoodSet): Promise<void>;
  /** Since the start: answers that clients took, and endpoints that the edge had, summed over the sets. */
  taken(): Taken;
};
export type Taken = {
  readonly nacks: number;
  readonly acks: Readonly<Record<string, number>>;
  readonly endpoints: number;
};

/** Generous: on a busy machine a set takes seconds. */
const patience = { within: 60_000, everyMs: 20 };

export async function startLiveScene(): Promise<LiveScene> {
  await using started = new AsyncDisposableStack();
  const weir = started.use(await startWeir());
  const edge = started.use(await startEdge(weir));
  started.use(await startEdge(weir, { nodeId: "sidecar-1", role: "sidecar", service: "s0" }));
  const node = started.use(await startWatchingClient(weir));
  // By connection: a client that has nothing to ask for leaves, and comes back with the next set.
  const connections = new Map<string, ClientRow>();
  let shown: readonly Written[] = [];
  let endpoints = 0;
  const running = started.move();
  return {
    async show({ documents, book }) {
      // Services stay where the next set has them, too, and change under the eyes of the clients. None goes and comes back:
      // the Node client does not notice when what it was told is gone comes back unchanged (docs/gotchas.md).
      const staying = new Set<string>(book.services.keys());
      for (const document of shown.toReversed())
        if (document.kind !== "Service" || !staying.has(document.metadata.name)) await remove(weir, document);
      shown = documents as readonly Written[];
      // Forced: a Drain among them may leave nothing to its callers, which is refused otherwise, valid as it is.
      const { status, body } = await weir.api("POST", "/v1/config:apply?force=true", documents);
      if (status !== 200) throw new Error(`valid documents were answered ${status} ${JSON.stringify(body)}`);
      const called = [...book.services.values()].filter((spec) => canCall("grpc", spec));
      await watch(
        node,
        called.flatMap(({ hosts }) => hosts),
      );
      await heardOf(weir, called, book.routes);
      await takenByAll(weir, (body as { readonly revision: number }).revision);
      for (const row of await clientsOf(weir)) connections.set(`${row.nodeId} ${row.connectedAt}`, row);
      endpoints += (await edge.clusters()).length;
    },
    taken() {
      const acks: Record<string, number> = {};
      for (const { nodeId, cost } of connections.values()) acks[nodeId] = (acks[nodeId] ?? 0) + cost.acks;
      const nacks = [...connections.values()].reduce((sum, { cost }) => sum + cost.nacks, 0);
      return { nacks, acks, endpoints };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type Written = { readonly kind: DocumentKind; readonly metadata: { readonly name: string } };

async function remove(weir: Weir, { kind, metadata }: Written): Promise<void> {
  const { status, body } = await weir.api("DELETE", `/v1/${collectionOf(kind)}/${metadata.name}`);
  if (status !== 200) throw new Error(`deleting ${kind} ${metadata.name}: ${status} ${JSON.stringify(body)}`);
}

type ClientRow = {
  readonly nodeId: string;
  readonly connectedAt: string;
  readonly cost: { readonly acks: number; readonly nacks: number };
  readonly types: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>;
};

async function clientsOf(weir: Weir): Promise<readonly ClientRow[]> {
  const { body } = await weir.api("GET", "/v1/clients");
  return (body as { readonly clients: readonly ClientRow[] }).clients;
}

type ResourceRow = { readonly type: string; readonly name: string; readonly status: string };

/** Waits until the Node client was answered about all that leads to these services: it asks for routes when it has the listener. */
async function heardOf(weir: Weir, services: readonly ServiceSpec[], routes: readonly RouteSpec[]): Promise<void> {
  let rows: readonly ResourceRow[] = [];
  const statusOf = (type: string, name: string) => rows.find((row) => row.type === type && row.name === name)?.status;
  const isAnswered = (type: string, name: string) => !["REQUESTED", undefined].includes(statusOf(type, name));
  const isHeardOf = (spec: ServiceSpec) =>
    resourceNames(spec, routes).grpc.routes.every((name) => isAnswered("RDS", name) || !hasListener(spec)) &&
    spec.hosts.every((host) => isAnswered("LDS", grpcListenerName(host)));
  const hasListener = ({ hosts }: ServiceSpec) =>
    hosts.some((host) => statusOf("LDS", grpcListenerName(host)) === "ACKED");
  const allHeardOf = async () => {
    if (services.length === 0) return true;
    const { status, body } = await weir.api("GET", "/v1/clients/node-1/resources");
    rows = status === 200 ? (body as { readonly resources: readonly ResourceRow[] }).resources : [];
    return services.every(isHeardOf);
  };
  await until(allHeardOf, { ...patience, what: "the Node client has what it asks for" }).catch((cause) => {
    const missing = services
      .filter((spec) => !isHeardOf(spec))
      .map(({ name, hosts }) => `${name} (${hosts.join(" ")})`);
    throw new Error(`the Node client heard nothing of ${missing.join(", ")}: it has ${JSON.stringify(rows)}`, {
      cause,
    });
  });
}

/** Waits until every client has all that it is to have; rejects when one refused something. */
async function takenByAll(weir: Weir, revision: number): Promise<void> {
  await until(() => isTakenByAll(weir, revision), { ...patience, what: "every client has all that it is to have" });
  const refusals = (await clientsOf(weir)).flatMap(({ nodeId, cost, types }) =>
    Object.entries(types).flatMap(([type, { status, reason }]) =>
      status === "ERROR" || cost.nacks > 0 ? [`${nodeId} ${type} ${status}: ${reason ?? "rejected something"}`] : [],
    ),
  );
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
}

async function isTakenByAll(weir: Weir, revision: number): Promise<boolean> {
  const { body } = await weir.api("GET", `/v1/clients:settled?within=5s&revision=${revision}`);
  const { acked, of } = body as { readonly acked: number; readonly of: number };
  const hasRefused = (await clientsOf(weir)).some(({ cost }) => cost.nacks > 0);
  // The Node client connects when it has a host to ask for, and may leave when it has none.
  return hasRefused || (of >= 2 && acked === of);
}

const main = fileURLToPath(new URL("./watch-hosts-main.ts", import.meta.url));

async function startWatchingClient({ xds }: Weir): Promise<RunningProcess> {
  const node = { id: "node-1", cluster: "billing", locality: { region: "dc-b", zone: "z1" } };
  const servers = [{ server_uri: xds, channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] }];
  const child = startProcess({
    name: "gRPC Node client",
    command: process.execPath,
    args: [main],
    env: { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify({ xds_servers: servers, node }) },
  });
  await child.json(({ ready }) => ready === true);
  return child;
}

/** One set is watched at a time, so the answer is the next one. */
async function watch(node: RunningProcess, hosts: readonly string[]): Promise<void> {
  const answered = Promise.withResolvers<void>();
  node.onLine(() => answered.resolve());
  node.write(JSON.stringify(hosts));
  const ended = node.exit.then(({ code, signal }): never => {
    throw new Error(`the Node client ended (${signal ?? code})\n${lastWords(node)}`);
  });
  ended.catch(() => undefined);
  await Promise.race([answered.promise, ended]);
}
