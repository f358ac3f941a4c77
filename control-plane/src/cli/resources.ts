import { CliError } from "./cli-error.ts";

/** A collection of documents, as URLs and as people call it. */
export type Collection = "services" | "trafficSplits" | "trafficPolicies" | "routes" | "patches" | "drains";

const kinds: Readonly<Record<Collection, { readonly kind: string; readonly words: readonly string[] }>> = {
  services: { kind: "Service", words: ["service", "services", "svc"] },
  trafficSplits: { kind: "TrafficSplit", words: ["trafficsplit", "trafficsplits", "split", "splits"] },
  trafficPolicies: { kind: "TrafficPolicy", words: ["trafficpolicy", "trafficpolicies", "policy", "policies"] },
  routes: { kind: "Route", words: ["route", "routes"] },
  patches: { kind: "Patch", words: ["patch", "patches"] },
  drains: { kind: "Drain", words: ["drain", "drains"] },
};

export const collections = Object.keys(kinds) as readonly Collection[];

export const kindHelp = "service, split, policy, route, patch or drain; or a path such as trafficSplits/report";

/** `split`, `TrafficSplit` and `trafficSplits` are one; `trafficSplits/report` names a document of it. */
export function parseResource(
  kind: string,
  name: string | undefined,
): { readonly collection: Collection; readonly name: string | undefined } {
  const [word = "", inside, ...more] = kind.split("/");
  const collection = collections.find((each) => kinds[each].words.includes(word.toLowerCase()));
  if (!collection || more.length > 0 || (inside !== undefined && name !== undefined))
    throw new CliError(`"${kind}" is no kind of document: expected ${kindHelp}`);
  return { collection, name: name ?? inside };
}

export function collectionOfKind(kind: string): Collection | undefined {
  return collections.find((each) => kinds[each].kind === kind);
}

export function kindOfCollection(collection: Collection): string {
  return kinds[collection].kind;
}

/** `/v1/trafficSplits/report`. */
export function documentUrl(collection: Collection, name: string): string {
  return `/v1/${collection}/${encodeURIComponent(name)}`;
}
