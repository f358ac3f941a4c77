import { type ResourceType, resourceTypeOf } from "../../snapshot/resource.ts";
import { wireList, withoutStar } from "../wire/name-lists.ts";
import type { SotwRequest } from "../wire/request.ts";
import { beginAt } from "./advance.ts";
import { takeAnswer } from "./answer.ts";
import { beginWildcard, unclaim } from "./begin.ts";
import { isCredible } from "./claims.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { canBeAll, noteUnknownType } from "./requested-type.ts";
import { createSubscription, forget, resend, type Subscription, want } from "./subscription.ts";

/**
 * Takes one request of the state-of-the-world variant. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#sotw
 * A request with a stale nonce answers nothing, but it tells what the client wants by now. One that crossed a response on
 * the way may let go of a name that the next one takes up again: that has to be sent anew. And there are clients that ask for
 * more names without a nonce, and never hear of them where that is ignored (https://github.com/kmesh-net/kmesh/issues/201).
 */
export function takeSotw(conversation: Conversation, request: SotwRequest, now: Date): readonly StreamNote[] {
  const type = resourceTypeOf(request.typeUrl);
  if (type === undefined) return noteUnknownType(conversation, request.typeUrl);
  const known = conversation.subscriptions.get(type);
  if (known === undefined) return [subscribed(open(conversation, type, request, now))];
  if (request.nonce !== known.lastNonce) {
    rename(conversation, known, request);
    return [{ kind: "stale-nonce", type, nonce: request.nonce }];
  }
  const answers = takeAnswer(known, conversation.step?.snapshot, request.rejects, now);
  if (rename(conversation, known, request)) return [...answers, subscribed(known)];
  // Neither an answer nor other names: the client asks again for what it has. Envoy does for a cluster that it warms.
  if (answers.length === 0 && request.rejects === undefined && known.acked !== undefined) askAgain(known);
  return answers;
}

function subscribed({ type, wildcard, names }: Subscription): StreamNote {
  return { kind: "subscribed", type, names: wildcard ? "all" : names.size };
}

function open(conversation: Conversation, type: ResourceType, request: SotwRequest, now: Date): Subscription {
  const list = wireList(request.names);
  const { names } = list;
  const subscription = createSubscription(type, withoutStar(names), now);
  conversation.subscriptions.set(type, subscription);
  subscription.wire = list;
  subscription.legacy = names.size === 0 && canBeAll(type) && conversation.emptyMeansAll;
  subscription.wildcard = names.has("*") || subscription.legacy;
  // An empty answer is an answer: Envoy holds its start back for 15 s otherwise, and a gRPC client the verdict "not there".
  subscription.owed = subscription.wildcard || (canBeAll(type) && names.size > 0);
  if (request.version !== "" && isCredible(conversation, type))
    subscription.claim = { kind: "all", version: request.version };
  subscription.blind = canBeAll(type) && request.version !== "";
  if (conversation.step !== undefined) beginAt(conversation, subscription, conversation.step.snapshot);
  return subscription;
}

/** Takes over the list of names; false when it is the same as before. */
function rename({ step }: Conversation, subscription: Subscription, request: SotwRequest): boolean {
  if (subscription.wire?.bytes.equals(request.names.bytes)) return false;
  const list = wireList(request.names);
  subscription.wire = list;
  const old = subscription.names;
  const names = withoutStar(list.names);
  // Once something was named, an empty list wants nothing; before, it is still the wildcard of the first request.
  subscription.legacy &&= list.names.size === 0;
  const wildcard = list.names.has("*") || subscription.legacy;
  const added = [...names.values()].filter((name) => !old.has(name));
  const dropped = [...old.values()].filter((name) => !names.has(name));
  if (added.length + dropped.length === 0 && wildcard === subscription.wildcard) return false;
  const snapshot = step?.snapshot;
  if (snapshot === undefined) unclaim(subscription, () => true);
  if (!wildcard) {
    const had = subscription.wildcard
      ? [...(snapshot?.resources[subscription.type].keys() ?? []), ...subscription.differs.keys()]
      : [];
    for (const name of new Set([...dropped, ...had])) if (!names.has(name)) forget(subscription, snapshot, name);
  }
  for (const name of dropped) subscription.asked.delete(name);
  const becomesAll = wildcard && !subscription.wildcard;
  if (becomesAll || (canBeAll(subscription.type) && added.length > 0)) subscription.owed = true;
  if (snapshot !== undefined) {
    want(subscription, added, true);
    if (becomesAll) beginWildcard(subscription, snapshot);
  }
  subscription.wildcard = wildcard;
  subscription.names = names;
  return true;
}

function askAgain(subscription: Subscription): void {
  if (canBeAll(subscription.type)) subscription.owed = true;
  else for (const name of subscription.names.values()) resend(subscription, name);
}
