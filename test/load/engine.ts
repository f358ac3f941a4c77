// An xDS server over made-up clusters, for measuring the engine alone: no sources, no documents, no translation.
//   node test/load/engine.ts --clusters 1000 --endpoints 10 [--xds 127.0.0.1:0] [--http 127.0.0.1:0]
// Prints one JSON line when ready. GET /bump?cluster=K changes one endpoint's weight, GET /stats tells CPU and memory.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { ServerCredentials } from "@grpc/grpc-js";
import { Cluster_DiscoveryType, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ApiVersion } from "@weir/proto/envoy/config/core/v3/config_source_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { createLatest } from "../../control-plane/src/lib/latest.ts";
import type { World } from "../../control-plane/src/model/world.ts";
import { defaultLimits, startAds } from "../../control-plane/src/serve/ads-server.ts";
import { createConnectedClients } from "../../control-plane/src/serve/connected-clients.ts";
import { createTurns } from "../../control-plane/src/serve/turns.ts";
import { viewerOfNode } from "../../control-plane/src/serve/viewer-of-node.ts";
import { createSnapshots } from "../../control-plane/src/snapshot/snapshots.ts";

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "100" },
    endpoints: { type: "string", default: "10" },
    xds: { type: "string", default: "127.0.0.1:0" },
    http: { type: "string", default: "127.0.0.1:0" },
  },
});
const endpointCount = Number(values.endpoints);
const names = Array.from(
  { length: Number(values.clusters) },
  (_, index) => `cluster-${String(index).padStart(5, "0")}`,
);

const clusters = names.map((name) =>
  create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: {
      edsConfig: { configSourceSpecifier: { case: "ads", value: {} }, resourceApiVersion: ApiVersion.V3 },
    },
    connectTimeout: { seconds: 1n },
  }),
);

function assignment(name: string, index: number, bumped: number): ClusterLoadAssignment {
  const localities = [0, 1].map((half) => ({
    locality: { region: "r1", zone: `z${half + 1}` },
    loadBalancingWeight: 1,
    lbEndpoints: Array.from({ length: endpointCount / 2 }, (_, position) => ({
      hostIdentifier: {
        case: "endpoint" as const,
        value: {
          address: {
            address: {
              case: "socketAddress" as const,
              value: {
                address: `10.${index >> 8}.${index & 255}.${half * 100 + position + 1}`,
                portSpecifier: { case: "portValue" as const, value: 8080 },
              },
            },
          },
        },
      },
      loadBalancingWeight: half === 0 && position === 0 ? 1 + (bumped % 100) : 1,
    })),
  }));
  return create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: localities });
}

const bumps = new Map<number, number>();
let endpoints: readonly ClusterLoadAssignment[] = names.map((name, index) => assignment(name, index, 0));
let revision = 1;
const worldNow = (): World => ({ revision, catalog: new Map(), splits: new Map(), policies: new Map() });
const snapshots = createSnapshots({
  translate: () => ({ resources: { clusters, endpoints, listeners: [], routes: [] }, leftOut: new Map() }),
  published: createLatest<World>(),
  observe: (note) => {
    if (note.kind === "withheld") throw note.cause;
  },
});
snapshots.publish(worldNow());

const ads = await startAds(
  { ...addressOf(values.xds), credentials: ServerCredentials.createInsecure(), limits: defaultLimits },
  {
    lease: snapshots.lease,
    identify: viewerOfNode,
    refuse: () => undefined,
    clients: createConnectedClients(),
    turns: createTurns(),
    observe: () => {},
    now: () => new Date(),
    ackTimeoutMs: 45_000,
  },
);

const http = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/bump") {
    const index = Number(url.searchParams.get("cluster"));
    const bumped = (bumps.get(index) ?? 0) + 1;
    bumps.set(index, bumped);
    endpoints = endpoints.with(index, assignment(names[index] ?? "", index, bumped));
    revision += 1;
    snapshots.publish(worldNow());
  }
  const { user, system } = process.cpuUsage();
  response.end(JSON.stringify({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss(), revision }));
});
await new Promise<void>((resolve) => {
  const { host, port } = addressOf(values.http);
  http.listen(port, host, resolve);
});
console.log(
  JSON.stringify({
    ready: true,
    pid: process.pid,
    xds: `${ads.host}:${ads.port}`,
    http: `127.0.0.1:${(http.address() as AddressInfo).port}`,
  }),
);

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [host = "127.0.0.1", port = "0"] = text.split(":");
  return { host, port: Number(port) };
}
