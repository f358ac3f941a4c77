import type { DocumentKind } from "../../policy/policy-store.ts";
import type { Capability } from "./capability.ts";
import { drainCapabilities } from "./drain-capabilities.ts";
import { patchCapabilities } from "./patch-capabilities.ts";
import { routeCapabilities } from "./route-capabilities.ts";
import { serviceCapabilities } from "./service-capabilities.ts";
import { trafficPolicyCapabilities } from "./traffic-policy-capabilities.ts";
import { trafficSplitCapabilities } from "./traffic-split-capabilities.ts";

/**
 * What every kind of client makes of every field of every document: the one source of `weir describe`, of plans and of
 * docs/effective-on.md. Of several rows for a field the first that is about its value counts.
 */
export const capabilities: Readonly<Record<DocumentKind, readonly Capability[]>> = {
  Service: serviceCapabilities,
  TrafficSplit: trafficSplitCapabilities,
  TrafficPolicy: trafficPolicyCapabilities,
  Route: routeCapabilities,
  Patch: patchCapabilities,
  Drain: drainCapabilities,
};
