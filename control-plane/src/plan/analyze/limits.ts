import { loadsOf } from "../traffic/loads-of.ts";
import { type Analyzer, counted, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";
import type { SeenLoads } from "./scene.ts";

// Circuit breakers, against what is in flight.

const tooFewRequests = ofEachService(
  { code: "WR0203", severity: "warning", title: "maxRequests is below what is in flight" },
  ({ name, policy: { circuitBreaker }, inPolicy, isWritten }, { loads }) => {
    const { maxRequests } = circuitBreaker;
    const seen = inFlight(name, loads);
    const isLow = maxRequests === 1024 && isWritten("circuitBreaker", "maxRequests");
    // The limit is each client's own; what is in flight is told for all callers at a place together.
    if (seen !== undefined && seen > 0.8 * maxRequests)
      return [
        {
          place: inPolicy("circuitBreaker", "maxRequests"),
          says: `${Math.round(seen)} requests to ${name} were in flight from one place, and a client may have ${maxRequests}: those beyond are refused at once`,
          remedy: `Set maxRequests to at least ${2 ** Math.ceil(Math.log2(2 * seen))}.`,
        },
      ];
    return when(isLow && seen === undefined, () => ({
      place: inPolicy("circuitBreaker", "maxRequests"),
      says: `a client may have ${maxRequests} requests to ${name} in flight: at 10,000 a second, calls of more than ${Math.round(maxRequests / 10)} ms overflow`,
      remedy: "Leave it out (16384), or set it above rate x duration of the slowest client.",
    }));
  },
);

const http1Connections = ofEachService(
  { code: "WR0224", severity: "warning", title: "maxConnections limits the requests of an HTTP/1 service" },
  ({ name, spec, policy: { circuitBreaker }, inPolicy, isWritten }) => {
    const { maxConnections, maxRequests } = circuitBreaker;
    const isMeant = isWritten("circuitBreaker", "maxRequests");
    return when(spec.protocol === "http1" && isMeant && maxConnections < maxRequests, () => ({
      place: inPolicy("circuitBreaker", "maxConnections"),
      says: `${name} speaks HTTP/1, where each request in flight needs a connection of its own: ${maxConnections} connections allow ${maxConnections} requests, not ${maxRequests}`,
      remedy: `Set maxConnections to ${maxRequests} too.`,
    }));
  },
);

const perEndpointLess = ofEachPlacedService(
  { code: "WR0225", severity: "info", title: "The limits per endpoint add up to less than the limit of all" },
  ({ name, endpoints, policy: { circuitBreaker }, inPolicy }) => {
    const { maxConnections, perEndpoint } = circuitBreaker;
    const all = (perEndpoint.maxConnections ?? Number.POSITIVE_INFINITY) * endpoints.length;
    return when(all < maxConnections, () => ({
      place: inPolicy("circuitBreaker", "perEndpoint", "maxConnections"),
      says: `${perEndpoint.maxConnections} connections to each of ${counted(endpoints.length, "endpoint")} of ${name} are ${all}, fewer than maxConnections ${maxConnections}: that limit is never reached`,
      remedy: `Raise perEndpoint.maxConnections to ${Math.ceil(maxConnections / endpoints.length)}, or set maxConnections to ${all}.`,
    }));
  },
);

const pendingBelow = ofEachService(
  { code: "WR0226", severity: "info", title: "Few requests may wait for a connection" },
  ({ name, policy: { circuitBreaker, retry }, inPolicy, isWritten }) => {
    const { maxPendingRequests, maxRequests } = circuitBreaker;
    const isLow = isWritten("circuitBreaker", "maxPendingRequests") && maxPendingRequests * 100 < maxRequests;
    return when(isLow && retry.kind === "on", () => ({
      place: inPolicy("circuitBreaker", "maxPendingRequests"),
      says: `when a connection to ${name} breaks, the requests on it are sent again and wait for a new one: ${maxPendingRequests} may wait of ${maxRequests} in flight, and the others fail`,
      remedy: "Leave it at 4096 (the default).",
    }));
  },
);

export const limitAnalyzers: readonly Analyzer[] = [tooFewRequests, http1Connections, perEndpointLess, pendingBelow];

/** The most that was in flight from the callers at one place; undefined while nobody reports. */
function inFlight(service: string, seen: SeenLoads | undefined): number | undefined {
  const own = loadsOf(seen, service);
  if (own.length === 0) return undefined;
  const byPlace = Map.groupBy(own, ({ from }) => `${from.region}/${from.zone}/${from.subZone}`);
  return Math.max(...[...byPlace.values()].map((some) => some.reduce((sum, { inProgress }) => sum + inProgress, 0)));
}
