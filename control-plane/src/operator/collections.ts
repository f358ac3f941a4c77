import type { DocumentKind } from "../policy/policy-store.ts";

/** Collections as URLs name them, and what is in them. */
export const collections = {
  services: "Service",
  trafficSplits: "TrafficSplit",
  trafficPolicies: "TrafficPolicy",
  routes: "Route",
  patches: "Patch",
  drains: "Drain",
} as const satisfies Readonly<Record<string, DocumentKind>>;

export type Collection = keyof typeof collections;

export const collectionNames = Object.keys(collections) as readonly Collection[];

export function collectionOf(kind: DocumentKind): Collection {
  const found = collectionNames.find((each) => collections[each] === kind);
  if (!found) throw new Error(`documents of kind ${kind} have no collection`);
  return found;
}

/** `trafficSplits/report`: how a document is called in URLs, messages and the CLI. */
export function documentPath(kind: DocumentKind, name: string): string {
  return `${collectionOf(kind)}/${name}`;
}
