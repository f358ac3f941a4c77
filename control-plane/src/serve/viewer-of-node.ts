import type { JsonObject } from "@bufbuild/protobuf";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { type Parsed, type Problem, parsed } from "../lib/parsed.ts";
import { softwareOf } from "../model/client-software.ts";
import { grpcCapabilities } from "../model/grpc-capabilities.ts";
import { type Locality, localityText } from "../model/locality.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Identity } from "./identity.ts";
import { keptMetadata } from "./node-metadata.ts";

const defaultListen = {
  edge: { host: "0.0.0.0", port: 10_000 },
  sidecar: { host: "127.0.0.1", port: 15_001 },
} as const;

// Longer than any name in use; a client cannot make us keep or log more than this.
const maxTextLength = 512;

/**
 * What a client is to be sent follows from its node: its user agent (gRPC clients say so themselves), its cluster (`edge`,
 * or the service that a sidecar stands beside), its locality, and `metadata.weir.listen` (`host:port`), where an Envoy's
 * listener binds.
 */
export function viewerOfNode(node: Node | undefined): Parsed<Identity<Viewer>> {
  if (node === undefined)
    return { ok: false, problems: [{ at: "node", says: "the first request of a stream must carry the node" }] };
  const problems: Problem[] = [];
  const text = (at: string, value: string) => {
    if (value.length > maxTextLength)
      problems.push({ at: `node.${at}`, says: `has ${value.length} characters; at most ${maxTextLength} are taken` });
    return value;
  };
  const nodeId = text("id", node.id);
  if (nodeId === "") problems.push({ at: "node.id", says: "is empty; every client needs an id of its own" });
  const cluster = text("cluster", node.cluster);
  const { region = "", zone = "", subZone = "" } = node.locality ?? {};
  const locality: Locality = {
    region: text("locality.region", region),
    zone: text("locality.zone", zone),
    subZone: text("locality.sub_zone", subZone),
  };
  const agent = text("user_agent_name", `${node.userAgentName} ${agentVersion(node)}`.trim());
  const software = softwareOf(agent);
  const viewer =
    software.kind === "envoy"
      ? envoyViewer(node.metadata, cluster, locality, problems)
      : { flavour: "grpc" as const, locality, grpc: grpcCapabilities(software.implementation, software.release) };
  if (problems.length > 0) return { ok: false, problems };
  const role = viewer.flavour === "grpc" ? "proxyless" : viewer.role;
  const metadata = keptMetadata(node.metadata);
  const about = { nodeId, cluster, kind: viewer.flavour, role, locality: localityText(locality), agent };
  return parsed({ ...about, ...(metadata && { metadata }), viewer });
}

function envoyViewer(
  metadata: JsonObject | undefined,
  cluster: string,
  locality: Locality,
  problems: Problem[],
): Viewer {
  const role = cluster === "edge" ? "edge" : "sidecar";
  return { flavour: "envoy", role, locality, listen: listenOf(metadata, problems) ?? defaultListen[role] };
}

function listenOf(
  metadata: JsonObject | undefined,
  problems: Problem[],
): { readonly host: string; readonly port: number } | undefined {
  const weir = metadata?.["weir"];
  const listen = weir !== null && typeof weir === "object" && !Array.isArray(weir) ? weir["listen"] : undefined;
  if (listen === undefined) return undefined;
  const match = typeof listen === "string" ? /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(listen) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  problems.push({
    at: "node.metadata.weir.listen",
    says: `${JSON.stringify(listen)?.slice(0, 80)} is not "address:port", e.g. "0.0.0.0:10000"`,
  });
  return undefined;
}

function agentVersion({ userAgentVersionType: version }: Node): string {
  if (version.case === "userAgentVersion") return version.value;
  const built = version.case === "userAgentBuildVersion" ? version.value.version : undefined;
  return built === undefined ? "" : `${built.majorNumber}.${built.minorNumber}.${built.patch}`;
}
