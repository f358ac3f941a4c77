import { approximated, byWeir, type Capability, capability, obeyed } from "./capability.ts";

const weights = "load balancing, locality weighted load balancing";
const priorities = "load balancing, priority levels";
const byDegrees = approximated(
  "a priority is used as long as anything in it can be reached; Weir moves weights as its health falls",
  "gRFC A56",
);

/** What clients make of a TrafficSplit. */
export const trafficSplitCapabilities: readonly Capability[] = [
  byWeir("service"),
  byWeir("rules[].from"),
  capability("rules[].to", { envoy: obeyed(`Envoy: ${weights}`), grpc: obeyed("gRFC A27") }),
  capability("rules[].prefer", { value: "nearest", envoy: obeyed(`Envoy: ${priorities}`), grpc: byDegrees }),
  capability("rules[].failover", { envoy: obeyed(`Envoy: ${priorities}`), grpc: byDegrees }),
  capability("subsets", { envoy: obeyed("Envoy: traffic splitting"), grpc: obeyed("gRFC A28") }),
  byWeir("failback", { whole: true }),
  byWeir("ceilings", { whole: true }),
  byWeir("expectedRps"),
  byWeir("overrides", { whole: true }),
];
