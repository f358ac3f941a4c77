import { type Analyzer, counted, ofEachPlacedService, ofEachService, timeText, when } from "./analyzer.ts";

// How an endpoint is chosen, health checks and spill-over, against what there is.

const smallRing = ofEachPlacedService(
  { code: "WR0216", severity: "warning", title: "The hash ring is too small for the endpoints" },
  ({ name, policy: { loadBalancer }, endpoints, inPolicy }) => {
    if (loadBalancer.kind !== "ring-hash") return [];
    const { maximumRingSize, minimumRingSize } = loadBalancer;
    const size = Math.min(maximumRingSize, Math.max(minimumRingSize, endpoints.length));
    const field = maximumRingSize < 20 * endpoints.length ? "maximumRingSize" : "minimumRingSize";
    return when(size < 20 * endpoints.length, () => ({
      place: inPolicy("loadBalancer", "consistentHash", field),
      says: `a ring of ${size} entries has ${Math.round((10 * size) / endpoints.length) / 10} for each of ${counted(endpoints.length, "endpoint")} of ${name}: ${size < endpoints.length ? "some get no request at all" : "some get several times as much as others"}`,
      remedy: `Set ${field} to at least ${100 * endpoints.length}.`,
    }));
  },
);

const ringAboveGrpc = ofEachPlacedService(
  { code: "WR0217", severity: "info", title: "gRPC clients use a smaller ring" },
  ({ name, policy: { loadBalancer }, endpoints, inPolicy }, { clients = [] }) => {
    const grpc = clients.filter(({ kind }) => kind === "grpc").length;
    const isCapped = loadBalancer.kind === "ring-hash" && loadBalancer.minimumRingSize > 4096;
    return when(isCapped && grpc > 0, () => ({
      place: inPolicy("loadBalancer", "consistentHash", "minimumRingSize"),
      says: `gRPC clients cap the ring at 4096 entries (gRFC A42): ${counted(grpc, "connected client")} of ${name} ${grpc === 1 ? "has" : "have"} ${Math.round(4096 / endpoints.length)} entries for each endpoint, and may choose other endpoints than Envoys do`,
      remedy: "Set it to 4096 or less if Envoys and gRPC clients are to agree.",
    }));
  },
);

const hashedByNothing = ofEachService(
  { code: "WR0218", severity: "info", title: "Requests without the hashed property go anywhere" },
  ({ name, policy: { loadBalancer }, inPolicy }) => {
    const sources = "hashOn" in loadBalancer ? loadBalancer.hashOn : [];
    const names = sources.flatMap((each) => (each.kind === "header" ? [`header ${each.name}`] : []));
    return when(sources.length > 0 && names.length === sources.length, () => ({
      place: inPolicy("loadBalancer", "consistentHash"),
      says: `a request to ${name} without ${names.join(" or ")} goes to a random endpoint: Weir cannot see whether callers send it`,
      remedy:
        "See to it that every caller sends it, or name a second source that every request has, such as sourceAddress.",
    }));
  },
);

const checksOverlap = ofEachService(
  { code: "WR0219", severity: "warning", title: "A health check may take longer than the time to the next" },
  ({ name, policy: { healthCheck }, inPolicy }) =>
    healthCheck.kind === "off"
      ? []
      : when(healthCheck.timeoutMs > healthCheck.intervalMs, () => ({
          place: inPolicy("healthCheck", "timeout"),
          says: `an endpoint of ${name} that does not answer is found out after ${timeText(healthCheck.timeoutMs)} each time, not every ${timeText(healthCheck.intervalMs)}: ${counted(healthCheck.unhealthyThreshold, "check")} take ${timeText(healthCheck.unhealthyThreshold * (healthCheck.timeoutMs + healthCheck.intervalMs))}`,
          remedy: "Set timeout below interval; the defaults are 1s and 3s.",
        })),
);

const onlyConnects = ofEachService(
  { code: "WR0220", severity: "info", title: "A TCP health check sees only that something listens" },
  ({ name, spec, policy: { healthCheck }, inPolicy }) => {
    const isTcp = healthCheck.kind === "on" && healthCheck.check.kind === "tcp";
    return when(isTcp && spec.protocol !== "tcp", () => ({
      place: inPolicy("healthCheck", "tcp"),
      says: `an endpoint of ${name} counts as healthy as soon as a connection opens, also while it answers every request with an error`,
      remedy: spec.protocol === "http1" ? "Use http: {path: …}." : "Use grpc: {} (grpc.health.v1) or http: {path: …}.",
    }));
  },
);

const keepsFailing = ofEachService(
  { code: "WR0223", severity: "warning", title: "overprovisioningFactor keeps traffic on a data center that fails" },
  ({ name, split, policy: { overprovisioningFactor: factor }, inPolicy }) =>
    when(factor >= 250 && split?.rules.some(({ failover }) => failover.length > 0) === true, () => ({
      place: inPolicy("overprovisioningFactor"),
      says: `with ${factor} nothing of ${name} fails over before fewer than ${Math.round(10_000 / factor)} % of the first choice are healthy: those that are left then get ${Math.round(factor / 10) / 10} times their usual load`,
      remedy: "The default is 140: from 71 % healthy on, what they cannot take goes over.",
    })),
);

const noSlack = ofEachService(
  { code: "WR0227", severity: "info", title: "overprovisioningFactor 100 fails over with every endpoint" },
  ({ name, split, policy: { overprovisioningFactor: factor }, inPolicy }) =>
    when(factor < 110 && split?.rules.some(({ failover }) => failover.length > 0) === true, () => ({
      place: inPolicy("overprovisioningFactor"),
      says: `with ${factor} each endpoint of ${name} that is ejected for a while sends its part of the traffic to the next in the failover list`,
      remedy: "The default is 140: neighbours take over for up to 28 % of the endpoints first.",
    })),
);

export const balancingAnalyzers: readonly Analyzer[] = [
  smallRing,
  ringAboveGrpc,
  hashedByNothing,
  checksOverlap,
  onlyConnects,
  keepsFailing,
  noSlack,
];
