import { type ClientKind, softwareOf } from "../../model/client-software.ts";
import { standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";
import { grpcOf } from "./grpc-clients.ts";

// What gRPC clients do in another way, or cannot have: docs/effective-on.md.

const cannotCall = ofEachService(
  { code: "WR0308", severity: "info", title: "Connected gRPC clients cannot call a service of this protocol" },
  ({ name, spec, inService }, scene) => {
    const grpc = grpcOf(scene).length;
    return when(grpc > 0 && spec.protocol === "http1", () => ({
      place: inService("protocol"),
      says: `${name} speaks HTTP/1 and is left out of what ${counted(grpc, "connected gRPC client")} ${grpc === 1 ? "is" : "are"} sent: xds:///${name} finds nothing`,
      remedy: "Nothing, if only Envoys call it.",
    }));
  },
);

const nobodyCanCall = ofEachService(
  { code: "WR0309", severity: "warning", title: "No client can call a TCP service" },
  ({ name, spec, inService }) =>
    when(spec.protocol === "tcp", () => ({
      place: inService("protocol"),
      says: `${name} is sent to no client: Envoy's listeners here speak HTTP, and gRPC needs HTTP/2`,
      remedy: "Use GRPC, HTTP2 or HTTP1 if it speaks one of them.",
    })),
);

/** Tried with grpc-js 1.14 and with the C core 58; Go and Java have it. */
const lackLeastRequest: readonly ClientKind[] = ["grpc-node", "grpc-core"];

const leastRequestIgnored = ofEachService(
  { code: "WR0310", severity: "info", title: "Node and C core clients use round robin for least request" },
  ({ name, policy: { loadBalancer }, inPolicy, isWritten }, scene) => {
    const lacking = grpcOf(scene).filter(({ agent }) => lackLeastRequest.includes(softwareOf(agent).kind)).length;
    const isMeant = loadBalancer.kind === "least-request" && isWritten("loadBalancer");
    return when(lacking > 0 && isMeant, () => ({
      place: inPolicy("loadBalancer"),
      says: `${counted(lacking, "connected gRPC client")} ${lacking === 1 ? "takes" : "take"} the endpoints of ${name} in turn: gRPC in Node and its C core have no least request`,
      remedy: "Nothing, or RoundRobin if all clients are to do the same.",
    }));
  },
);

const weightsIgnored = ofEachPlacedService(
  { code: "WR0311", severity: "info", title: "gRPC clients ignore the weights of endpoints" },
  ({ name, endpoints, policy: { loadBalancer }, inService }, scene) => {
    const grpc = grpcOf(scene).length;
    const zones = Map.groupBy(endpoints, ({ locality: { region, zone, subZone } }) => `${region}/${zone}/${subZone}`);
    const uneven = [...zones].filter(([, there]) => new Set(there.map(({ weight }) => weight)).size > 1);
    const isIgnored = loadBalancer.kind === "round-robin" || loadBalancer.kind === "least-request";
    return when(grpc > 0 && isIgnored && uneven.length > 0, () => ({
      place: inService("endpoints"),
      says: `the endpoints of ${name} in ${listed(uneven.map(([zone]) => zone.replace(/\/+$/, "")))} have different weights, and ${counted(grpc, "connected gRPC client")} ${grpc === 1 ? "sends" : "send"} each as much as its neighbours`,
      remedy: "Give weak endpoints a zone of their own (weights of localities hold for gRPC), or use RingHash.",
    }));
  },
);

const noSlowStart = ofEachService(
  { code: "WR0313", severity: "info", title: "gRPC clients have no slow start" },
  ({ name, policy: { loadBalancer }, inPolicy }, scene) => {
    const grpc = grpcOf(scene).length;
    const slowStart = "slowStart" in loadBalancer ? loadBalancer.slowStart : undefined;
    return when(grpc > 0 && slowStart !== undefined, () => ({
      place: inPolicy("loadBalancer", "slowStart"),
      says: `a new endpoint of ${name} gets its full share of ${counted(grpc, "connected gRPC client")} at once: slow start is Envoy's`,
      remedy: "Let endpoints register only once they are warm.",
    }));
  },
);

const otherBalancer = ofEachService(
  { code: "WR0314", severity: "info", title: "gRPC clients balance in another way" },
  ({ name, policy: { loadBalancer }, inPolicy }, scene) => {
    const grpc = grpcOf(scene).length;
    const instead = { maglev: "ring hash, by which keys go to other endpoints", random: "round robin" } as const;
    const { kind } = loadBalancer;
    return when(grpc > 0 && (kind === "maglev" || kind === "random"), () => ({
      place: inPolicy("loadBalancer", "type"),
      says: `${counted(grpc, "connected gRPC client")} of ${name} ${grpc === 1 ? "has" : "have"} no ${kind} and ${grpc === 1 ? "uses" : "use"} ${kind === "maglev" ? instead.maglev : instead.random}`,
      remedy: "Use RingHash or RoundRobin if all clients are to do the same.",
    }));
  },
);

const failoverAtOnce = ofEachService(
  { code: "WR0312", severity: "info", title: "gRPC clients fail over all at once" },
  ({ name, split, inSplit, isWritten }, scene) => {
    const grpc = grpcOf(scene).length;
    const standby = split?.rules.findIndex((rule) => standbysOf(rule).length > 0) ?? -1;
    return when(grpc > 0 && standby >= 0 && isWritten("overprovisioningFactor"), () => ({
      place: inSplit("rules", standby, "failover"),
      says: `overprovisioningFactor does not make ${counted(grpc, "connected gRPC client")} of ${name} spill over: gRPC stays with the first choice as long as anything of it can be reached`,
      remedy: "Count on the whole of their traffic going over at once.",
    }));
  },
);

export const grpcDiffersAnalyzers: readonly Analyzer[] = [
  cannotCall,
  nobodyCanCall,
  leastRequestIgnored,
  weightsIgnored,
  noSlowStart,
  otherBalancer,
  failoverAtOnce,
];
