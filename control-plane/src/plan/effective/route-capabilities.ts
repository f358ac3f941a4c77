import { byWeir, type Capability, capability, envoys, ignored, obeyed, since, tried, withheld } from "./capability.ts";
import { hashCapabilities } from "./hash-capabilities.ts";
import { retryCapabilities } from "./retry-capabilities.ts";
import { timeoutCapabilities } from "./timeout-capabilities.ts";

const matching = { envoy: envoys("HTTP routing, route matching"), grpc: obeyed("gRFC A28") };
/** Seen with all four libraries in test/journeys/routes.test.ts. */
const matched = { ...matching, grpc: obeyed("measured"), other: obeyed("gRFC A28") };
const noHeaders = ignored("headers stay as the application set them", "gRFC A28");

/** What clients make of a Route. */
export const routeCapabilities: readonly Capability[] = [
  byWeir("hosts"),
  byWeir("rules[].name"),
  capability("rules[].matches[].method", { whole: true, ...matched }),
  capability("rules[].matches[].path", { whole: true, ...matching }),
  capability("rules[].matches[].headers", { whole: true, ...matched }),
  capability("rules[].matches[].queryParameters", {
    whole: true,
    envoy: matching.envoy,
    grpc: withheld("the match is left out: it knows no queries, and would let every request match", "gRFC A28"),
  }),
  capability("rules[].matches[].percent", matching),
  ...["service", "subset", "weight"].map((name) =>
    capability(`rules[].backendRefs[].${name}`, {
      envoy: envoys("HTTP routing, traffic splitting"),
      grpc: obeyed("gRFC A28"),
    }),
  ),
  capability("rules[].mirror", {
    whole: true,
    envoy: envoys("HTTP routing, shadowing"),
    grpc: ignored("it sends no copies", "gRFC A28"),
  }),
  ...hashCapabilities("rules[].hashOn"),
  ...timeoutCapabilities("rules[].timeouts"),
  ...retryCapabilities("rules[].retry"),
  capability("rules[].requestHeaders", { whole: true, envoy: envoys("HTTP header manipulation"), grpc: noHeaders }),
  capability("rules[].responseHeaders", { whole: true, envoy: envoys("HTTP header manipulation"), grpc: noHeaders }),
  capability("rules[].sessionAffinity", {
    whole: true,
    envoy: envoys("stateful session filter"),
    grpc: ignored("each request goes where the balancer sends it; hashOn keeps callers together", "gRFC A55"),
  }),
  capability("rules[].fault.delay", { whole: true, envoy: envoys("fault injection filter"), grpc: since("A33") }),
  capability("rules[].fault.abort", { whole: true, envoy: envoys("fault injection filter"), grpc: tried("A33") }),
  capability("rules[].fault.responseRate", {
    whole: true,
    envoy: envoys("fault injection filter"),
    grpc: ignored("answers come as they come", "gRFC A33"),
  }),
  capability("rules[].fault.onHeaders", {
    whole: true,
    envoy: envoys("fault injection filter"),
    // Weir sends it a route of its own for those calls.
    grpc: since("A33"),
  }),
  capability("rules[].rateLimit.local", {
    whole: true,
    envoy: envoys("local rate limit filter"),
    grpc: ignored("it limits nothing", "gRFC A27"),
  }),
  capability("rules[].rateLimit.global", {
    whole: true,
    envoy: envoys("global rate limit filter"),
    grpc: ignored("it asks nobody", "gRFC A27"),
  }),
];
