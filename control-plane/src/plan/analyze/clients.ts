import { type ClientKind, softwareOf } from "../../model/client-software.ts";
import { standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, timeText, when } from "./analyzer.ts";
import type { Path, Scene, SeenClient } from "./scene.ts";

// What is written down, against who is connected: docs/effective-on.md.

const consecutiveIgnored = ofEachService(
  { code: "WR0301", severity: "info", title: "Errors in a row have no effect on gRPC clients" },
  ({ name, policy: { outlierDetection }, inPolicy, isWritten }, scene) => {
    const grpc = grpcOf(scene).length;
    const field = (["consecutive5xxErrors", "consecutiveGatewayErrors"] as const).find((each) =>
      isWritten("outlierDetection", each),
    );
    return when(grpc > 0 && field !== undefined && outlierDetection.kind === "on", () => ({
      place: inPolicy("outlierDetection", field ?? ""),
      says: `${field} of ${name} has no effect on ${counted(grpc, "connected gRPC client")}: gRPC counts the calls of an interval, not errors in a row (gRFC A50)`,
      remedy: "failurePercentage is what gRPC clients obey; it is on unless turned off.",
    }));
  },
);

const neverEjectedByGrpc = ofEachService(
  { code: "WR0302", severity: "warning", title: "gRPC clients eject nothing" },
  ({ name, policy: { outlierDetection: detection }, inPolicy }, scene) => {
    const grpc = grpcOf(scene).length;
    const isBlind =
      detection.kind === "on" && detection.failurePercentage.enforcing === 0 && detection.successRate.enforcing === 0;
    return when(grpc > 0 && isBlind, () => ({
      place: inPolicy("outlierDetection", "failurePercentage", "enforcing"),
      says: `${counted(grpc, "connected gRPC client")} never ${grpc === 1 ? "leaves" : "leave"} out an endpoint of ${name} that answers badly: of outlier detection only errors in a row are on, and gRPC ignores those`,
      remedy: "Set failurePercentage.enforcing to 100 (the default).",
    }));
  },
);

const hashIgnored = ofEachService(
  { code: "WR0303", severity: "warning", title: "gRPC clients cannot hash by what the policy names" },
  ({ name, policy: { loadBalancer }, inPolicy }, scene) => {
    const grpc = grpcOf(scene).length;
    const sources = "hashOn" in loadBalancer ? loadBalancer.hashOn : [];
    const isLost = sources.length > 0 && sources.every(({ kind }) => kind === "cookie" || kind === "method");
    return when(grpc > 0 && isLost, () => ({
      place: inPolicy("loadBalancer", "consistentHash"),
      says: `${counted(grpc, "connected gRPC client")} cannot hash requests to ${name} by ${listed(sources.map(({ kind }) => kind))} (gRFC A42) and ${grpc === 1 ? "picks" : "pick"} endpoints at random`,
      remedy: "Name a header, or sourceAddress as a second source.",
    }));
  },
);

const attemptsCapped = ofEachService(
  { code: "WR0304", severity: "info", title: "gRPC clients make at most five attempts" },
  ({ name, policy: { retry }, inPolicy }, scene) => {
    // grpc-go makes as many as it is asked for (tried with 1.85).
    const grpc = grpcOf(scene).filter(({ agent }) => softwareOf(agent).kind !== "grpc-go").length;
    return when(grpc > 0 && retry.kind === "on" && retry.attempts > 4, () => ({
      place: inPolicy("retry", "attempts"),
      says: `${counted(grpc, "connected gRPC client")} of ${name} ${grpc === 1 ? "stops" : "stop"} after five attempts in all (gRFC A6), ${retry.kind === "on" ? retry.attempts + 1 : 0} are asked for`,
      remedy: "Set attempts to 4 or fewer if all clients are to do the same.",
    }));
  },
);

const backOffMisread = ofEachService(
  { code: "WR0305", severity: "info", title: "Node clients wait for less than a second" },
  ({ name, policy: { retry }, inPolicy }, scene) => {
    const node = grpcOf(scene).filter(({ agent }) => /node/i.test(agent)).length;
    if (retry.kind === "off") return [];
    const { baseMs, maxMs } = retry.backOff;
    const field = baseMs >= 1000 ? "baseInterval" : "maxInterval";
    return when(node > 0 && Math.max(baseMs, maxMs) >= 1000, () => ({
      place: inPolicy("retry", "backOff", field),
      says: `${counted(node, "connected Node client")} of ${name} ${node === 1 ? "waits" : "wait"} 999ms at most, not ${timeText(baseMs >= 1000 ? baseMs : maxMs)}: grpc-js-xds 1.14 takes 1s for 10s, so that it is told of less`,
      remedy: "Keep backOff below 1s if all clients are to wait alike.",
    }));
  },
);

const healthCheckIgnored = ofEachService(
  { code: "WR0306", severity: "info", title: "gRPC clients do no health checks" },
  ({ name, policy: { healthCheck }, inPolicy }, scene) => {
    const grpc = grpcOf(scene).length;
    return when(grpc > 0 && healthCheck.kind === "on", () => ({
      place: inPolicy("healthCheck"),
      says: `${counted(grpc, "connected gRPC client")} ${grpc === 1 ? "does" : "do"} not check the endpoints of ${name}: they go by what the source says and by their own calls`,
      remedy:
        "Keep outlierDetection.failurePercentage on, and let the source (Consul, Kubernetes) check the endpoints.",
    }));
  },
);

/** Fields of a TrafficPolicy that Envoy alone obeys. */
const envoyOnly: readonly (readonly [Path, string])[] = [
  [["panicThreshold"], "panicThreshold"],
  [["circuitBreaker", "maxConnections"], "circuitBreaker.maxConnections"],
  [["circuitBreaker", "maxPendingRequests"], "circuitBreaker.maxPendingRequests"],
  [["circuitBreaker", "perEndpoint"], "circuitBreaker.perEndpoint"],
  [["retry", "perTryTimeout"], "retry.perTryTimeout"],
  [["retry", "budget"], "retry.budget"],
  [["timeouts", "connect"], "timeouts.connect"],
  [["timeouts", "idle"], "timeouts.idle"],
];

const withoutEffect = ofEachService(
  { code: "WR0307", severity: "warning", title: "Fields that no connected client obeys" },
  ({ name, inPolicy, isWritten }, { clients = [] }) => {
    const written = envoyOnly.filter(([path]) => isWritten(...path));
    const onlyGrpc = clients.length > 0 && clients.every(({ kind }) => kind === "grpc");
    return when(onlyGrpc && written.length > 0, () => ({
      place: inPolicy(...(written[0]?.[0] ?? [])),
      says: `only gRPC clients are connected, and they ignore ${written.map(([, field]) => field).join(", ")} of ${name}`,
      remedy: "docs/effective-on.md says what each kind of client obeys; weir describe what is in effect.",
    }));
  },
);

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

export const clientAnalyzers: readonly Analyzer[] = [
  consecutiveIgnored,
  neverEjectedByGrpc,
  hashIgnored,
  attemptsCapped,
  backOffMisread,
  healthCheckIgnored,
  withoutEffect,
  cannotCall,
  nobodyCanCall,
  leastRequestIgnored,
  weightsIgnored,
  failoverAtOnce,
  noSlowStart,
  otherBalancer,
];

const grpcOfClients = new WeakMap<readonly SeenClient[], readonly SeenClient[]>();

/** Found once for all services. */
function grpcOf({ clients }: Scene): readonly SeenClient[] {
  if (clients === undefined) return [];
  const known = grpcOfClients.get(clients) ?? clients.filter(({ kind }) => kind === "grpc");
  grpcOfClients.set(clients, known);
  return known;
}
