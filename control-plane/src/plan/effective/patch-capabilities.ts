import { byWeir, type Capability, capability, envoys, obeyed } from "./capability.ts";

/** What clients make of a Patch: what they are sent has it, and what a client does with a field of xDS is its own business. */
export const patchCapabilities: readonly Capability[] = [
  byWeir("type"),
  byWeir("name"),
  byWeir("clients"),
  capability("operations", { whole: true, envoy: envoys("v3 API reference"), grpc: obeyed("gRFC A27") }),
];
