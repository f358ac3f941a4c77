import { type ResourceType, resourceTypeOf } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { changedList, nameList, noNames, withoutStar } from "../wire/name-lists.ts";
import type { DeltaRequest } from "../wire/request.ts";
import { beginAt } from "./advance.ts";
import { takeAnswer } from "./answer.ts";
import { beginWildcard, unclaim } from "./begin.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { canBeAll, noteUnknownType } from "./requested-type.ts";
import { createSubscription, forget, isSubscribed, resend, type Subscription, want } from "./subscription.ts";

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
  const namesNothing = names.size + request.unsubscribe.length === 0;
  subscription.wildcard = names.has("*") || (namesNothing && canBeAll(type));
  subscription.owed = subscription.wildcard;
  subscription.claim = { kind: "each", versions: request.initial };
  if (conversation.step !== undefined) beginAt(conversation, subscription, conversation.step.snapshot);
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
  want(subscription, plain, step !== undefined);
  subscription.names = changedList(subscription.names, { add: plain });
  if (plain.length === names.length) return;
  subscription.owed = true;
  const { snapshot } = step ?? {};
  // Asked for again, it is answered again, as every name is: https://github.com/envoyproxy/go-control-plane/issues/1450
  if (subscription.wildcard) resendAll(subscription, snapshot);
  else if (snapshot !== undefined) beginWildcard(subscription, snapshot);
  subscription.wildcard = true;
}

/** All there is, or before that is known all that it says it has; what the client rejected only when its time has come. */
function resendAll(subscription: Subscription, snapshot: Snapshot | undefined): void {
  const { type, claim } = subscription;
  for (const name of snapshot?.resources[type].keys() ?? []) resend(subscription, name);
  if (claim.kind === "each") for (const [name] of claim.versions) resend(subscription, name);
}

function drop({ step }: Conversation, subscription: Subscription, names: readonly string[]): void {
  if (names.length === 0) return;
  const snapshot = step?.snapshot;
  if (names.includes("*")) dropWildcard(subscription, snapshot);
  const dropped = new Set(names.filter((name) => subscription.names.has(name)));
  for (const name of dropped) {
    if (!subscription.wildcard) forget(subscription, snapshot, name);
    // The client cannot know whether the wildcard still gives it this: it must be told, one way or the other.
    else resend(subscription, name);
  }
  subscription.names =
    dropped.size === subscription.names.size ? noNames : changedList(subscription.names, { drop: [...dropped] });
  // What it says it has, it may have let go of before we could look.
  if (snapshot === undefined) unclaim(subscription, (name) => !isSubscribed(subscription, name));
}

function dropWildcard(subscription: Subscription, snapshot: Snapshot | undefined): void {
  const { names, differs, asked } = subscription;
  const all = new Set([...(snapshot?.resources[subscription.type].keys() ?? []), ...differs.keys(), ...asked]);
  for (const name of all) if (!names.has(name)) forget(subscription, snapshot, name);
  subscription.wildcard = false;
}
