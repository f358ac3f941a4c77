import { type ResourceType, resourceTypeOf } from "../snapshot/resource.ts";
import { takeAnswer } from "./answer.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { wireList, withoutStar } from "./name-lists.ts";
import type { SotwRequest } from "./request.ts";
import { canBeAll, noteUnknownType } from "./requested-type.ts";
import { begin, beginWildcard, createSubscription, forget, resend, type Subscription } from "./subscription.ts";

/**
 * Takes one request of the state-of-the-world variant. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#sotw
 * A request with a stale nonce is ignored whole: each request tells all names, so the next one repeats what this one said.
 */
export function takeSotw(conversation: Conversation, request: SotwRequest, now: Date): readonly StreamNote[] {
  const type = resourceTypeOf(request.typeUrl);
  if (type === undefined) return noteUnknownType(conversation, request.typeUrl);
  const known = conversation.subscriptions.get(type);
  if (known === undefined) return [subscribed(open(conversation, type, request, now))];
  if (request.nonce !== known.lastNonce) return [{ kind: "stale-nonce", type, nonce: request.nonce }];
  const answers = takeAnswer(known, conversation.step?.snapshot, request.rejects, now);
  if (rename(conversation, known, request)) return [...answers, subscribed(known)];
  // Neither an answer nor other names: the client asks again for what it has. Envoy does for a cluster that it warms.
  if (answers.length === 0 && known.acked !== undefined) askAgain(conversation, known);
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
  subscription.wildcard = canBeAll(type) && (names.has("*") || (names.size === 0 && conversation.emptyMeansAll));
  // An empty answer is an answer: Envoy holds its start back for 15 s otherwise, and a gRPC client the verdict "not there".
  subscription.owed = canBeAll(type) && (subscription.wildcard || names.size > 0);
  if (request.version !== "") subscription.claim = { kind: "all", version: request.version };
  if (conversation.step !== undefined) begin(subscription, conversation.step.snapshot);
  return subscription;
}

/** Takes over the list of names; false when it is the same as before. */
function rename({ step }: Conversation, subscription: Subscription, request: SotwRequest): boolean {
  if (subscription.wire?.bytes.equals(request.names.bytes)) return false;
  const list = wireList(request.names);
  subscription.wire = list;
  const old = subscription.names;
  const names = withoutStar(list.names);
  // Once names were given, an empty list wants nothing; before, it is still the wildcard of the first request.
  const legacy = list.names.size === 0 && subscription.wildcard && old.size === 0;
  const wildcard = canBeAll(subscription.type) && (list.names.has("*") || legacy);
  const added = [...names.values()].filter((name) => !old.has(name));
  const dropped = [...old.values()].filter((name) => !names.has(name));
  if (added.length + dropped.length === 0 && wildcard === subscription.wildcard) return false;
  const snapshot = step?.snapshot;
  if (!wildcard) {
    const had = subscription.wildcard
      ? [...(snapshot?.resources[subscription.type].keys() ?? []), ...subscription.differs.keys()]
      : [];
    for (const name of [...dropped, ...had]) if (!names.has(name)) forget(subscription, snapshot, name);
  }
  const becomesAll = wildcard && !subscription.wildcard;
  subscription.wildcard = wildcard;
  subscription.names = names;
  if (canBeAll(subscription.type) && (added.length > 0 || becomesAll)) subscription.owed = true;
  if (snapshot === undefined) return true;
  for (const name of added) resend(subscription, snapshot, name);
  if (becomesAll) beginWildcard(subscription, snapshot);
  return true;
}

function askAgain({ step }: Conversation, subscription: Subscription): void {
  if (step === undefined) return;
  if (canBeAll(subscription.type)) subscription.owed = true;
  else for (const name of subscription.names.values()) resend(subscription, step.snapshot, name);
}
