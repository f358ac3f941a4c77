import { softwareOf } from "../../model/client-software.ts";
import { type Analyzer, counted, listed, ofEachService, timeText, when } from "./analyzer.ts";
import { grpcOf } from "./grpc-clients.ts";
import type { Path } from "./scene.ts";

// What a policy asks for and gRPC clients do not do: docs/effective-on.md.

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

export const grpcIgnoresAnalyzers: readonly Analyzer[] = [
  consecutiveIgnored,
  neverEjectedByGrpc,
  hashIgnored,
  attemptsCapped,
  backOffMisread,
  healthCheckIgnored,
  withoutEffect,
];
