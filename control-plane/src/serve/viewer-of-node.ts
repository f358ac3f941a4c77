import type { JsonObject } from "@bufbuild/protobuf";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { type Parsed, type Problem, parsed } from "../lib/parsed.ts";
import { softwareOf } from "../model/client-software.ts";
import { grpcCapabilities } from "../model/grpc-capabilities.ts";
import { parseInboundList } from "../model/inbound.ts";
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
 * or the service that a sidecar stands beside), its locality, and `metadata.weir`: `listen` (`host:port`), where an Envoy's
 * listener binds, and `inbound`, what a sidecar takes calls for. An entry of `inbound` that is wrong is passed over and told:
 * it must not cost the application its own calls.
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
  const weir = weirMetadata(node.metadata);
  const viewer: Viewer =
    software.kind === "envoy"
      ? envoyViewer(weir, cluster, locality, problems)
      : { flavour: "grpc", locality, grpc: grpcCapabilities(software.implementation, software.release) };
  if (problems.length > 0) return { ok: false, problems };
  const role = viewer.flavour === "grpc" ? "proxyless" : viewer.role;
  const metadata = keptMetadata(node.metadata);
  const about = { nodeId, cluster, kind: viewer.flavour, role, locality: localityText(locality), agent };
  const taking = viewer.flavour === "envoy" ? inboundOf(weir, viewer) : nothingTaken;
  return parsed({
    ...about,
    ...(metadata && { metadata }),
    ...(taking.problems.length > 0 && { problems: taking.problems }),
    viewer: taking.inbound.length > 0 ? { ...viewer, inbound: taking.inbound } : viewer,
  });
}

type EnvoyViewer = Extract<Viewer, { readonly flavour: "envoy" }>;

function envoyViewer(weir: JsonObject, cluster: string, locality: Locality, problems: Problem[]): EnvoyViewer {
  const role = cluster === "edge" ? "edge" : "sidecar";
  return { flavour: "envoy", role, locality, listen: listenOf(weir, problems) ?? defaultListen[role] };
}

function weirMetadata(metadata: JsonObject | undefined): JsonObject {
  const weir = metadata?.["weir"];
  return weir !== null && typeof weir === "object" && !Array.isArray(weir) ? weir : {};
}

type Taking = ReturnType<typeof parseInboundList>;
const nothingTaken: Taking = { inbound: [], problems: [] };

function inboundOf({ inbound }: JsonObject, { role, listen }: EnvoyViewer): Taking {
  const at = "node.metadata.weir.inbound";
  if (inbound === undefined) return nothingTaken;
  if (role === "sidecar") return parseInboundList(inbound, { at, taken: listen.port });
  return { inbound: [], problems: [{ at, says: "is for sidecars; an edge takes calls for every service" }] };
}

function listenOf({ listen }: JsonObject, problems: Problem[]): EnvoyViewer["listen"] | undefined {
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
