import { matchesLocality, patternText } from "../../model/locality.ts";
import { standbysOf } from "../../model/split.ts";
import {
  type Analyzer,
  counted,
  listed,
  ofAll,
  ofEachPlacedService,
  ofEachService,
  timeText,
  when,
} from "./analyzer.ts";

// Connections, and what of a policy gets into its own way.

const pingsTooOften = ofEachService(
  { code: "WR0230", severity: "warning", title: "gRPC servers take pings for abuse" },
  ({ name, spec, policy: { connection }, inPolicy }) => {
    const { intervalMs } = connection.ping;
    return when(spec.protocol === "grpc" && intervalMs !== undefined && intervalMs < 300_000, () => ({
      place: inPolicy("connection", "ping", "interval"),
      says: `Envoys ping ${name} every ${timeText(intervalMs ?? 0)}; gRPC servers end connections that ping more often than every 5m (ENHANCE_YOUR_CALM) unless they are told to bear it`,
      remedy: "Use ping.afterIdle, which pings only before a request, or raise the servers' keepalive limits.",
    }));
  },
);

const neverProbed = ofEachService(
  { code: "WR0231", severity: "info", title: "Quiet connections are closed before they are probed" },
  ({ name, policy: { connection, timeouts }, inPolicy, isWritten }) => {
    const { tcpKeepalive: keepalive } = connection;
    const isMeant = isWritten("timeouts", "idle") || isWritten("connection", "tcpKeepalive");
    const idleMs = keepalive.kind === "on" ? keepalive.idleMs : 0;
    return when(isMeant && timeouts.idleMs > 0 && idleMs >= timeouts.idleMs, () => ({
      place: inPolicy("timeouts", "idle"),
      says: `a connection to ${name} is closed after ${timeText(timeouts.idleMs)} without a request, and first probed after ${timeText(idleMs)}: a line that is cut is not noticed by that`,
      remedy: "Set tcpKeepalive.idle below timeouts.idle.",
    }));
  },
);

const budgetPutAside = ofEachService(
  { code: "WR0232", severity: "warning", title: "maxRetries takes the place of the retry budget" },
  ({ name, policy: { circuitBreaker }, inPolicy, isWritten }) =>
    when(circuitBreaker.maxRetries !== undefined && isWritten("retry", "budget"), () => ({
      place: inPolicy("circuitBreaker", "maxRetries"),
      says: `with maxRetries ${circuitBreaker.maxRetries} the budget of ${name} does not count: so many retries at a time are allowed, however many requests there are`,
      remedy: "Take maxRetries out.",
    })),
);

const checkedNowhere = ofEachPlacedService(
  { code: "WR0233", severity: "warning", title: "A health check's setting is for a place without endpoints" },
  ({ name, policy: { healthCheck }, endpoints, inPolicy }) =>
    (healthCheck.kind === "on" ? healthCheck.perLocality : []).flatMap(({ locality: pattern }) =>
      when(!endpoints.some(({ locality }) => matchesLocality(pattern, locality)), () => ({
        place: inPolicy("healthCheck", "perLocality", patternText(pattern)),
        says: `${name} has no endpoint in ${patternText(pattern)} (known: ${listed(endpoints.map(({ locality }) => locality.region))}): what is said of checks there is for nobody`,
        remedy: "Correct the place, or take it out.",
      })),
    ),
);

const smallTable = ofEachPlacedService(
  { code: "WR0234", severity: "warning", title: "The Maglev table is too small for the endpoints" },
  ({ name, policy: { loadBalancer }, endpoints, inPolicy }) =>
    loadBalancer.kind !== "maglev"
      ? []
      : when(loadBalancer.tableSize < 100 * endpoints.length, () => ({
          place: inPolicy("loadBalancer", "consistentHash", "tableSize"),
          says: `a table of ${loadBalancer.tableSize} entries has ${Math.round(loadBalancer.tableSize / endpoints.length)} for each of ${counted(endpoints.length, "endpoint")} of ${name}: their shares differ, and more keys move than need be when one goes`,
          remedy: "Leave it at 65537 (the default), a prime at least a hundred times the number of endpoints.",
        })),
);

const noOtherPriority = ofEachService(
  { code: "WR0235", severity: "info", title: "Retries look for another priority, and there is none" },
  ({ name, policy: { retry }, split, inPolicy }) => {
    const wants = retry.kind === "on" && retry.otherPriority !== undefined;
    const hasOther =
      split === undefined ||
      split.rules.length === 0 ||
      split.rules.some((rule) => rule.spread.kind === "nearest" || standbysOf(rule).length > 0);
    return when(wants && !hasOther, () => ({
      place: inPolicy("retry", "otherPriority"),
      says: `no rule of ${name} has a failover list, so all its endpoints are of one priority and a retry has no other to go to`,
      remedy: "Add failover to the rules of its TrafficSplit, or take otherPriority out.",
    }));
  },
);

const fewStreams = ofEachService(
  { code: "WR0236", severity: "warning", title: "Connections carry fewer requests than may be in flight" },
  ({ name, spec, policy: { connection, circuitBreaker }, inPolicy }) => {
    const { maxConcurrentStreams: streams } = connection;
    const { maxConnections, maxRequests } = circuitBreaker;
    const all = (streams ?? Number.POSITIVE_INFINITY) * maxConnections;
    return when(spec.protocol !== "http1" && all < maxRequests, () => ({
      place: inPolicy("connection", "maxConcurrentStreams"),
      says: `${maxConnections} connections of ${streams} requests are ${all}, fewer than maxRequests ${maxRequests} of ${name}: the rest waits`,
      remedy: "Raise maxConcurrentStreams or maxConnections.",
    }));
  },
);

const idleAfterEnd = ofEachService(
  { code: "WR0237", severity: "info", title: "A request ends before it can be idle for too long" },
  ({ name, policy: { timeouts }, inPolicy }) => {
    const { streamIdleMs = 0, requestMs = 0 } = timeouts;
    return when(requestMs > 0 && streamIdleMs >= requestMs, () => ({
      place: inPolicy("timeouts", "streamIdle"),
      says: `streamIdle ${timeText(streamIdleMs)} never comes to pass: a request to ${name} ends after ${timeText(requestMs)} anyway`,
      remedy: "Set it below timeouts.request, or leave it out.",
    }));
  },
);

const patched = ofAll({ code: "WR0701", severity: "info", title: "A raw patch is in force" }, ({ book }) =>
  (book.patches ?? []).map(({ name, type, target, clients }) => ({
    place: { document: { kind: "Patch", name }, path: ["spec", "operations"] },
    says: `${type} ${target} is changed after it was made, for ${listed(clients)}: what other documents and findings say of it need not hold`,
    remedy: "Take it out once Weir has words of its own for what it does.",
  })),
);

export const connectionAnalyzers: readonly Analyzer[] = [
  pingsTooOften,
  neverProbed,
  budgetPutAside,
  checkedNowhere,
  smallTable,
  noOtherPriority,
  fewStreams,
  idleAfterEnd,
  patched,
];
