import { type ResourceType, resourceTypeOf } from "../snapshot/resource.ts";
import { takeAnswer } from "./answer.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { changedList, nameList, noNames, withoutStar } from "./name-lists.ts";
import type { DeltaRequest } from "./request.ts";
import { canBeAll, noteUnknownType } from "./requested-type.ts";
import { begin, beginWildcard, createSubscription, forget, resend, type Subscription } from "./subscription.ts";

/**
 * Takes one request of the incremental variant. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 * A nonce answers the response in flight; subscriptions count whatever the nonce says.
 */
export function takeDelta(conversation: Conversation, request: DeltaRequest, now: Date): readonly StreamNote[] {
  const type = resourceTypeOf(request.typeUrl);
  if (type === undefined) return noteUnknownType(conversation, request.typeUrl);
  const known = conversation.subscriptions.get(type);
  if (known === undefined) return [subscribed(open(conversation, type, request, now))];
  const answers = request.nonce === "" ? [] : answer(conversation, known, request, now);
  const { subscribe, unsubscribe } = request;
  if (subscribe.length + unsubscribe.length === 0) return answers;
  drop(conversation, known, unsubscribe);
  add(conversation, known, subscribe);
  return [...answers, subscribed(known)];
}

function subscribed({ type, wildcard, names }: Subscription): StreamNote {
  return { kind: "subscribed", type, names: wildcard ? "all" : names.size };
}

function open(conversation: Conversation, type: ResourceType, request: DeltaRequest, now: Date): Subscription {
  const names = nameList(request.subscribe);
  const subscription = createSubscription(type, withoutStar(names), now);
  conversation.subscriptions.set(type, subscription);
  // Only clusters and listeners can be had without naming them: the legacy wildcard.
  subscription.wildcard = names.has("*") || (names.size === 0 && canBeAll(type));
  subscription.owed = subscription.wildcard;
  subscription.claim = { kind: "each", versions: request.initial };
  if (conversation.step !== undefined) begin(subscription, conversation.step.snapshot);
  return subscription;
}

function answer(
  { step }: Conversation,
  subscription: Subscription,
  { nonce, rejects }: DeltaRequest,
  now: Date,
): readonly StreamNote[] {
  if (subscription.inFlight?.nonce !== nonce) return [{ kind: "stale-nonce", type: subscription.type, nonce }];
  return takeAnswer(subscription, step?.snapshot, rejects, now);
}

function add({ step }: Conversation, subscription: Subscription, names: readonly string[]): void {
  if (names.length === 0) return;
  const plain = names.filter((name) => name !== "*");
  if (plain.length < names.length) {
    subscription.wildcard = true;
    subscription.owed = true;
    if (step !== undefined) beginWildcard(subscription, step.snapshot);
  }
  subscription.names = changedList(subscription.names, { add: plain });
  if (step === undefined) return;
  for (const name of plain) {
    subscription.rejections.delete(name);
    resend(subscription, step.snapshot, name);
  }
}

function drop({ step }: Conversation, subscription: Subscription, names: readonly string[]): void {
  if (names.length === 0) return;
  const snapshot = step?.snapshot;
  for (const name of names) {
    if (name !== "*" && subscription.names.has(name)) forget(subscription, snapshot, name);
  }
  if (names.includes("*")) dropWildcard(subscription, snapshot);
  const dropped = names.filter((name) => subscription.names.has(name));
  subscription.names =
    dropped.length === subscription.names.size ? noNames : changedList(subscription.names, { drop: dropped });
  if (snapshot === undefined || !subscription.wildcard) return;
  // The client drops what it unsubscribes from, but the wildcard still gives it: it is to be told again.
  for (const name of dropped) if (snapshot.resources[subscription.type].has(name)) resendAnew(subscription, name);
}

function resendAnew(subscription: Subscription, name: string): void {
  subscription.differs.set(name, undefined);
  subscription.dirty.add(name);
}

function dropWildcard(subscription: Subscription, snapshot: Parameters<typeof forget>[1]): void {
  const all = [...(snapshot?.resources[subscription.type].keys() ?? []), ...subscription.differs.keys()];
  for (const name of all) if (!subscription.names.has(name)) forget(subscription, snapshot, name);
  subscription.wildcard = false;
}
