import type { XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot, SnapshotStep } from "../../snapshot/snapshot.ts";
import { begin } from "./begin.ts";
import { checkClaims } from "./claims.ts";
import type { Conversation } from "./conversation.ts";
import { markRetries } from "./rejection.ts";
import { heldOf, isSubscribed, resend, type Subscription } from "./subscription.ts";

/** Takes the conversation to the newest step, noting what changed on the way: the cost is that of the changes. */
export function advance(conversation: Conversation, newest: SnapshotStep): void {
  const from = conversation.step;
  conversation.step = newest;
  if (from === undefined) {
    for (const subscription of conversation.subscriptions.values()) begin(subscription, newest.snapshot);
    return;
  }
  let { snapshot } = from;
  for (let step = from.following; step !== undefined; step = step.following) {
    markChanges(conversation, snapshot, step);
    snapshot = step.snapshot;
  }
}

function markChanges(conversation: Conversation, before: Snapshot, { changes }: SnapshotStep): void {
  for (const { type, changed, removed } of changes) {
    const subscription = conversation.subscriptions.get(type);
    if (subscription === undefined) continue;
    const old = before.resources[type];
    for (const { name } of changed) {
      if (!isSubscribed(subscription, name)) continue;
      if (!subscription.differs.has(name)) subscription.differs.set(name, old.get(name));
      subscription.dirty.add(name);
      // Endpoints that were gone and are back may have missed to go along with their cluster.
      if (subscription.gone.delete(name) && type === "endpoints") resend(subscription, name);
    }
    for (const name of removed) {
      if (!isSubscribed(subscription, name)) continue;
      const { differs, dirty, asked, gone, names, rejections } = subscription;
      if (!differs.has(name)) differs.set(name, old.get(name));
      rejections.delete(name);
      const has = differs.get(name) !== undefined;
      if (has) gone.add(name);
      // It may have a version of before, which only a list without it takes away.
      else if (subscription.blind) subscription.owed = true;
      // Whoever asked by name and was not answered yet is told that there is none.
      const isOwed = asked.has(name) || (!has && names.has(name) && dirty.has(name));
      if (isOwed) dirty.add(name);
      if (isOwed) continue;
      dirty.delete(name);
      if (!has) differs.delete(name);
    }
  }
}

/**
 * A changed cluster takes its endpoints along. Envoy warms a changed cluster until endpoints arrive and does not ask for
 * them again: without this it stays on the old cluster, and holds its ACK back, for 15 s (seen with 1.40).
 */
export function dragEndpoints(
  { subscriptions }: Conversation,
  snapshot: Snapshot,
  clusters: readonly XdsResource[],
): void {
  const endpoints = subscriptions.get("endpoints");
  if (endpoints === undefined || endpoints.fresh) return;
  for (const { uses } of clusters) {
    for (const name of uses) {
      const has = heldOf(endpoints, snapshot, name) !== undefined;
      if (has && snapshot.resources.endpoints.has(name)) resend(endpoints, name);
    }
  }
}

/** The first look of a new subscription at a snapshot that is there already. */
export function beginAt(conversation: Conversation, subscription: Subscription, snapshot: Snapshot): void {
  begin(subscription, snapshot);
  if (subscription.type !== "endpoints") return;
  // Clusters that changed while the client was away are on their way already, and wait for endpoints that it says it has.
  dragEndpoints(conversation, snapshot, conversation.subscriptions.get("cluster")?.inFlight?.resources ?? []);
}

/** What time alone brings about: rejected versions are tried again, versions that are not borne out no longer believed. */
export function passTime(conversation: Conversation, now: Date): void {
  for (const subscription of conversation.subscriptions.values()) markRetries(subscription, now);
  checkClaims(conversation, now);
}
