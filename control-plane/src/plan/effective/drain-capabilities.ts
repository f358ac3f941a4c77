import { byWeir, type Capability } from "./capability.ts";

/** What clients make of a Drain: they are sent other weights, which they obey as they do those of a TrafficSplit. */
export const drainCapabilities: readonly Capability[] = [
  byWeir("locality"),
  byWeir("mode"),
  byWeir("services"),
  byWeir("reason"),
  byWeir("by"),
  byWeir("expireTime"),
];
