import { approximated, byWeir, type Capability, capability, envoys, obeyed, withheld } from "./capability.ts";

const noHttp2 = withheld("it is not told of the service: gRPC needs HTTP/2", "gRFC A27");

/** What clients make of a Service. */
export const serviceCapabilities: readonly Capability[] = [
  capability("protocol", { value: "GRPC", envoy: envoys("gRPC"), grpc: obeyed("gRFC A27") }),
  capability("protocol", { value: "HTTP2", envoy: envoys("HTTP"), grpc: obeyed("gRFC A27") }),
  capability("protocol", { value: "HTTP1", envoy: envoys("HTTP"), grpc: noHttp2 }),
  capability("protocol", {
    value: "TCP",
    envoy: withheld("it is not told of the service: listeners here speak HTTP", "Weir"),
    grpc: noHttp2,
  }),
  byWeir("hosts"),
  byWeir("port"),
  byWeir("endpoints", { whole: true }),
  capability("endpoints[].static[].weight", {
    envoy: envoys("load balancing, supported load balancers"),
    grpc: approximated("zones get their part of a region by it; inside a zone only ring hash looks at it", "gRFC A27"),
  }),
  byWeir("locality", { whole: true }),
  byWeir("subsets", { whole: true }),
  byWeir("capacity", { whole: true }),
];
