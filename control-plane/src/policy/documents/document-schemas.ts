import { patchDocument } from "../patches/patch-document.ts";
import type { DocumentKind } from "../policy-store.ts";
import { drainDocument } from "./drain-document.ts";
import { routeDocument } from "./route-document.ts";
import { serviceDocument } from "./service-document.ts";
import { trafficPolicyDocument } from "./traffic-policy-document.ts";
import { trafficSplitDocument } from "./traffic-split-document.ts";

/** The one source of the documents' types, checks, JSON Schema and OpenAPI. They describe a document as it is written. */
export const documentSchemas = {
  Service: serviceDocument,
  TrafficSplit: trafficSplitDocument,
  TrafficPolicy: trafficPolicyDocument,
  Route: routeDocument,
  Patch: patchDocument,
  Drain: drainDocument,
} as const;

export const documentKinds: readonly DocumentKind[] = [
  "Service",
  "TrafficSplit",
  "TrafficPolicy",
  "Route",
  "Patch",
  "Drain",
];
