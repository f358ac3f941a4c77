import { approximated, byWeir, type Capability, type Cell, capability, obeyed } from "./capability.ts";

const weights = "load balancing, locality weighted load balancing";
const priorities = "load balancing, priority levels";
const byDegrees = (source: string) =>
  approximated(
    "a priority is used as long as anything in it can be reached; Weir moves weights as its health falls",
    source,
  );

/** With the libraries that are tried in test/journeys/foreign-clients.test.ts and shift-weights.test.ts. */
function seen(cell: (source: string) => Cell) {
  const tried = cell("measured");
  return { go: tried, java: tried, core: tried, node: tried };
}

/** What clients make of a TrafficSplit. */
export const trafficSplitCapabilities: readonly Capability[] = [
  byWeir("service"),
  byWeir("rules[].from"),
  capability("rules[].to", { envoy: obeyed(`Envoy: ${weights}`), grpc: obeyed("gRFC A27"), ...seen(obeyed) }),
  capability("rules[].prefer", {
    value: "nearest",
    envoy: obeyed(`Envoy: ${priorities}`),
    grpc: byDegrees("gRFC A56"),
  }),
  capability("rules[].failover", {
    envoy: obeyed(`Envoy: ${priorities}`),
    grpc: byDegrees("gRFC A56"),
    ...seen(byDegrees),
  }),
  capability("subsets", { envoy: obeyed("Envoy: traffic splitting"), grpc: obeyed("gRFC A28") }),
  byWeir("failback", { whole: true }),
  byWeir("ceilings", { whole: true }),
  byWeir("expectedRps"),
  byWeir("overrides", { whole: true }),
  byWeir("shift", { whole: true }),
];
