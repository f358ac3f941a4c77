import type { DeltaDiscoveryRequest } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { type ResourceType, resourceTypeOf } from "../snapshot/resource.ts";
import { takeAnswer } from "./answer.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { createSubscription, forget, hold, markAll, resend, type Subscription } from "./subscription.ts";

/**
 * Takes one request of the incremental variant. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 * A nonce answers the response in flight; subscriptions count whatever the nonce says.
 */
export function takeDelta(
  conversation: Conversation,
  request: DeltaDiscoveryRequest,
  now: Date,
): readonly StreamNote[] {
  const type = resourceTypeOf(request.typeUrl);
  if (type === undefined) return [{ kind: "unknown-type", typeUrl: request.typeUrl }];
  const notes: StreamNote[] = [];
  let subscription = conversation.subscriptions.get(type);
  if (subscription === undefined) {
    subscription = open(conversation, type, request, now);
    notes.push({ kind: "subscribed", type, names: subscription.wildcard ? "all" : subscription.names.size });
    return notes;
  }
  if (request.responseNonce !== "") notes.push(...answer(subscription, request, now));
  for (const name of request.resourceNamesUnsubscribe) unsubscribe(conversation, subscription, name);
  for (const name of request.resourceNamesSubscribe) subscribe(conversation, subscription, name);
  if (request.resourceNamesSubscribe.length + request.resourceNamesUnsubscribe.length > 0) {
    notes.push({ kind: "subscribed", type, names: subscription.wildcard ? "all" : subscription.names.size });
  }
  return notes;
}

function open(conversation: Conversation, type: ResourceType, request: DeltaDiscoveryRequest, now: Date): Subscription {
  const subscription = createSubscription(type, now);
  conversation.subscriptions.set(type, subscription);
  const names = request.resourceNamesSubscribe;
  // Only clusters and listeners can be had without naming them: the legacy wildcard.
  subscription.wildcard = names.includes("*") || (names.length === 0 && (type === "cluster" || type === "listener"));
  for (const name of names) if (name !== "*") subscription.names.add(name);
  const snapshot = conversation.step?.snapshot;
  for (const [name, version] of Object.entries(request.initialResourceVersions)) {
    const same = snapshot?.resources[type].get(name);
    hold(subscription, name, same?.version === version ? same : { version, stamp: 0n });
  }
  subscription.owed = subscription.wildcard;
  if (snapshot !== undefined) markAll(subscription, snapshot);
  return subscription;
}

function answer(subscription: Subscription, request: DeltaDiscoveryRequest, now: Date): readonly StreamNote[] {
  const nonce = request.responseNonce;
  if (subscription.inFlight?.nonce !== nonce) return [{ kind: "stale-nonce", type: subscription.type, nonce }];
  return takeAnswer(subscription, request.errorDetail, now);
}

function subscribe({ step }: Conversation, subscription: Subscription, name: string): void {
  if (name === "*") {
    subscription.wildcard = true;
    subscription.owed = true;
    if (step !== undefined) markAll(subscription, step.snapshot);
    return;
  }
  subscription.names.add(name);
  subscription.rejected.delete(name);
  resend(subscription, name);
}

function unsubscribe({ step }: Conversation, subscription: Subscription, name: string): void {
  if (name === "*") {
    subscription.wildcard = false;
    for (const held of [...subscription.held.keys()]) if (!subscription.names.has(held)) forget(subscription, held);
    for (const pending of [...subscription.dirty]) if (!subscription.names.has(pending)) forget(subscription, pending);
    return;
  }
  const was = subscription.names.delete(name);
  forget(subscription, name);
  // The client drops what it unsubscribes from, but the wildcard still gives it: it is to be told again.
  if (was && subscription.wildcard && step?.snapshot.resources[subscription.type].has(name)) resend(subscription, name);
}
