import type { ClientView, ResourceStatus } from "../serve/clients.ts";
import type { ResourceNames } from "./parts.ts";

/** How far a client is with resources. */
export type Holding =
  | { readonly kind: "has" }
  | { readonly kind: "behind" }
  | {
      readonly kind: "rejects";
      readonly what: { readonly type: string; readonly resource: string; readonly reason: string };
    };

/** What a client has of the resources of these names; undefined where it was told of none of their clusters. */
export function holdingOf(client: ClientView, names: readonly ResourceNames[]): Holding | undefined {
  const wanted = names.flatMap(({ clusters, endpoints, listeners, routes }) => [
    ...clusters.map((name) => ["cluster", name] as const),
    ...endpoints.map((name) => ["endpoints", name] as const),
    ...listeners.map((name) => ["listener", name] as const),
    ...routes.map((name) => ["routes", name] as const),
  ]);
  const found = wanted.flatMap(([type, name]) => client.resource(type, name) ?? []);
  if (!found.some(({ type }) => type === "cluster")) return undefined;
  const rejected = found.find(({ status }) => status === "NACKED");
  if (rejected) return { kind: "rejects", what: rejectionOf(rejected) };
  return { kind: found.some(({ status }) => status === "REQUESTED") ? "behind" : "has" };
}

function rejectionOf({ type, name, reason }: ResourceStatus) {
  return { type, resource: name, reason: reason ?? "no reason given" };
}
