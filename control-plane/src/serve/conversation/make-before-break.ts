import { type ResourceType, usedType } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Conversation } from "./conversation.ts";
import { lacksAll } from "./held.ts";
import { heldOf, isSubscribed, type Subscription } from "./subscription.ts";

/** Whose resources refer, or may refer, to those of a type. */
export const usersOf: Readonly<Partial<Record<ResourceType, readonly ResourceType[]>>> = {
  secret: ["cluster", "listener"],
  cluster: ["listener", "extension", "scopedRoutes", "routes"],
  endpoints: ["cluster"],
  routes: ["listener", "scopedRoutes"],
};

/** May resources of this type be sent now? Those that refer to clusters wait until the clusters were answered. */
export function mayMake({ subscriptions }: Conversation, type: ResourceType): boolean {
  if (!usersOf.cluster?.includes(type)) return true;
  const clusters = subscriptions.get("cluster");
  return clusters === undefined || (clusters.inFlight === undefined && !isPending(clusters));
}

export function isPending({ fresh, dirty }: Subscription): boolean {
  return fresh || dirty.size > 0;
}

/** May this be taken away now? Not while the client has, or may have, something that refers to it. */
export function mayBreak(conversation: Conversation, snapshot: Snapshot, type: ResourceType, name: string): boolean {
  return (usersOf[type] ?? []).every((user) => {
    const using = conversation.subscriptions.get(user);
    if (using === undefined) return true;
    const { fresh, inFlight, gone, dirty } = using;
    const isOnItsWay = fresh || inFlight !== undefined || (gone.size > 0 && usedType[user] !== type);
    if (isOnItsWay || refersTo(using, type, name)) return false;
    for (const pending of dirty) if (!isHeldBack(conversation, snapshot, using, pending)) return false;
    return true;
  });
}

// Clients drop a cluster that they no longer use within milliseconds; grpc-go and gRPC Java when the last stream on it has ended.
const lingersMs = 15_000;

/**
 * Does a proxyless gRPC client still use a cluster that no route of its leads to any more? It asks for clusters by name, and
 * drops a name when its calls go by the new routes, which is later than its ACK of them. With the cluster taken away in between
 * its calls fail: `resource "report" of type "ClusterResource" has been removed` (grpc-go 1.85). So it stays until the client
 * has dropped it, for so long after the client's last answer.
 */
export function lingers(
  { emptyMeansAll, subscriptions }: Conversation,
  snapshot: Snapshot,
  { type, names, since }: Subscription,
  name: string,
  now: Date,
): boolean {
  if (emptyMeansAll || type !== "cluster" || !names.has(name)) return false;
  const users = (usersOf.cluster ?? []).flatMap((user) => subscriptions.get(user) ?? []);
  const last = Math.max(...users.map((user) => user.since.getTime()), since.getTime());
  return users.length > 0 && now.getTime() - last < lingersMs && !users.some((user) => leadsTo(user, snapshot, name));
}

function leadsTo({ type, names }: Subscription, snapshot: Snapshot, cluster: string): boolean {
  if (usedType[type] !== "cluster") return false;
  for (const name of names.values()) if (snapshot.resources[type].get(name)?.uses.includes(cluster)) return true;
  return false;
}

/** What is as in the snapshot does not refer to what has left it; what the client has otherwise may. */
function refersTo({ type: user, differs }: Subscription, type: ResourceType, name: string): boolean {
  for (const held of differs.values()) {
    if (held === undefined) continue;
    if (usedType[user] !== type || !("uses" in held) || held.uses.includes(name)) return true;
  }
  return false;
}

/**
 * Would these routes lead to a cluster that the client rejects and has not? Then those that it has are better, and wait for
 * the cluster to be accepted, or for routes that do without it.
 */
export function isHeldBack(
  { subscriptions }: Conversation,
  snapshot: Snapshot,
  routes: Subscription,
  name: string,
): boolean {
  const clusters = subscriptions.get("cluster");
  if (routes.type !== "routes" || clusters === undefined || clusters.differs.size === 0) return false;
  if (routes.asked.has(name) || heldOf(routes, snapshot, name) === undefined) return false;
  const lacks = (use: string) => clusters.differs.has(use) && lacksAll(clusters.differs.get(use));
  const { uses } = snapshot.resources.routes.get(name) ?? { uses: [] };
  return uses.some((use) => lacks(use) && isSubscribed(clusters, use) && snapshot.resources.cluster.has(use));
}
