import type { DiscoveryRequest } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { type ResourceType, resourceTypeOf } from "../snapshot/resource.ts";
import { takeAnswer } from "./answer.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { begin, createSubscription, forget, markAll, resend, type Subscription } from "./subscription.ts";

/**
 * Takes one request of the state-of-the-world variant. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#sotw
 * A request with a stale nonce is ignored whole: each request tells all names, so the next one repeats what this one said.
 */
export function takeSotw(conversation: Conversation, request: DiscoveryRequest, now: Date): readonly StreamNote[] {
  const type = resourceTypeOf(request.typeUrl);
  if (type === undefined) return [{ kind: "unknown-type", typeUrl: request.typeUrl }];
  const known = conversation.subscriptions.get(type);
  if (known === undefined) return [open(conversation, type, request, now)];
  if (request.responseNonce !== known.lastNonce) return [{ kind: "stale-nonce", type, nonce: request.responseNonce }];
  const answers = takeAnswer(known, request.errorDetail, now);
  const changed = rename(conversation, known, request.resourceNames);
  if (changed) return [...answers, { kind: "subscribed", type, names: known.wildcard ? "all" : known.names.size }];
  // Neither an answer nor other names: the client asks again for what it has. Envoy does for a cluster that it warms.
  if (answers.length === 0 && known.acked !== undefined) askAgain(conversation, known);
  return answers;
}

function open(conversation: Conversation, type: ResourceType, request: DiscoveryRequest, now: Date): StreamNote {
  const subscription = createSubscription(type, now);
  conversation.subscriptions.set(type, subscription);
  const names = request.resourceNames;
  const all = names.includes("*") || (names.length === 0 && conversation.emptyMeansAll);
  subscription.wildcard = all && canBeAll(type);
  for (const name of names) if (name !== "*") subscription.names.add(name);
  // An empty answer is an answer: Envoy holds its start back for 15 s otherwise, and a gRPC client the verdict "not there".
  subscription.owed = canBeAll(type) && (subscription.wildcard || subscription.names.size > 0);
  const snapshot = conversation.step?.snapshot;
  subscription.claimed = request.versionInfo;
  if (snapshot !== undefined) begin(subscription, snapshot);
  return { kind: "subscribed", type, names: subscription.wildcard ? "all" : subscription.names.size };
}

function canBeAll(type: ResourceType): boolean {
  return type === "cluster" || type === "listener";
}

/** Takes over the list of names; false when it is the same as before. */
function rename({ step }: Conversation, subscription: Subscription, list: readonly string[]): boolean {
  const { names } = subscription;
  // Once names were given, an empty list wants nothing; before, it is still the wildcard of the first request.
  const wildcard =
    canBeAll(subscription.type) &&
    (list.includes("*") || (list.length === 0 && subscription.wildcard && names.size === 0));
  const wanted = new Set(list);
  wanted.delete("*");
  const added = list.filter((name) => name !== "*" && !names.has(name));
  const removed = [...names].filter((name) => !wanted.has(name));
  if (added.length === 0 && removed.length === 0 && wildcard === subscription.wildcard) return false;
  const becameAll = wildcard && !subscription.wildcard;
  subscription.wildcard = wildcard;
  for (const name of removed) {
    names.delete(name);
    if (!wildcard) forget(subscription, name);
  }
  if (!wildcard) for (const name of [...subscription.held.keys()]) if (!wanted.has(name)) forget(subscription, name);
  for (const name of added) {
    names.add(name);
    resend(subscription, name);
  }
  if (becameAll && step !== undefined) markAll(subscription, step.snapshot);
  if (canBeAll(subscription.type) && (added.length > 0 || becameAll)) subscription.owed = true;
  return true;
}

function askAgain({ step }: Conversation, subscription: Subscription): void {
  if (step === undefined) return;
  if (canBeAll(subscription.type)) subscription.owed = true;
  else for (const name of subscription.names) resend(subscription, name);
}
