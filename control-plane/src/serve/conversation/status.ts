import { type CommonType, commonTypes, type ResourceType } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { ClientStatus, ResourceStatus, TypeStatus, TypeStatuses } from "../clients.ts";
import type { Conversation } from "./conversation.ts";
import { heldOf, type Subscription } from "./subscription.ts";

/** The type of the response that has waited for its answer longest, and since when. */
export function longestUnanswered({
  subscriptions,
}: Conversation): { readonly type: ResourceType; readonly since: Date } | undefined {
  let longest: { readonly type: ResourceType; readonly since: Date } | undefined;
  for (const { type, inFlight } of subscriptions.values()) {
    if (inFlight !== undefined && !(longest !== undefined && longest.since <= inFlight.sentAt))
      longest = { type, since: inFlight.sentAt };
  }
  return longest;
}

/** All that is to be sent has been sent and answered. */
export function isSettled({ subscriptions }: Conversation): boolean {
  for (const subscription of subscriptions.values()) if (isBehind(subscription)) return false;
  return true;
}

/** Something is older than it is to be, because the client rejects what it is to have. */
export function isRejecting({ subscriptions }: Conversation): boolean {
  for (const { rejections } of subscriptions.values()) if (rejections.size > 0) return true;
  return false;
}

function isBehind({ inFlight, dirty, gone, owed, trials }: Subscription): boolean {
  return inFlight !== undefined || dirty.size > 0 || gone.size > 0 || owed || trials.length > 0;
}

export function statusOf({ subscriptions }: Conversation): TypeStatuses {
  const entries = [...subscriptions].map(([type, subscription]) => [type, typeStatus(subscription)] as const);
  return { ...neverAsked, ...Object.fromEntries(entries) };
}

const never: TypeStatus = { status: "NOT_SENT", since: new Date(0) };
const neverAsked = Object.fromEntries(commonTypes.map((type) => [type, never])) as Record<CommonType, TypeStatus>;

function typeStatus(subscription: Subscription): TypeStatus {
  const { acked, since, rejections } = subscription;
  const latest = [...rejections.values()].at(-1);
  return {
    status: clientStatus(subscription),
    since,
    ...(acked === undefined ? {} : { acked }),
    ...(latest === undefined ? {} : { reason: latest.reason, rejected: [...rejections.keys()] }),
  };
}

function clientStatus(subscription: Subscription): ClientStatus {
  if (subscription.rejections.size > 0) return "ERROR";
  if (isBehind(subscription)) return "STALE";
  return subscription.acked === undefined ? "NOT_SENT" : "SYNCED";
}

/** Each resource that the client asked for or has, for CSDS and `weir proxy config`. */
export function* resourcesOf({ subscriptions, step }: Conversation): Generator<ResourceStatus> {
  for (const subscription of subscriptions.values()) {
    const { type, names, wildcard } = subscription;
    const resources = step?.snapshot.resources[type] ?? new Map<string, never>();
    const all = new Set([...(wildcard ? resources.keys() : []), ...names.values(), ...subscription.differs.keys()]);
    const sent = new Set(subscription.inFlight?.resources.map(({ name }) => name));
    for (const name of all) yield resourceStatus(subscription, step?.snapshot, name, sent.has(name));
  }
}

/** One of them; undefined where the client neither asked for it nor has it. */
export function resourceOf(
  { subscriptions, step }: Conversation,
  type: ResourceType,
  name: string,
): ResourceStatus | undefined {
  const subscription = subscriptions.get(type);
  if (!subscription) return undefined;
  const { names, wildcard, differs, inFlight } = subscription;
  const isThere = wildcard && step?.snapshot.resources[type].has(name);
  if (!isThere && !names.has(name) && !differs.has(name)) return undefined;
  const isInFlight = inFlight?.resources.some((each) => each.name === name) ?? false;
  return resourceStatus(subscription, step?.snapshot, name, isInFlight);
}

function resourceStatus(
  subscription: Subscription,
  snapshot: Snapshot | undefined,
  name: string,
  isInFlight: boolean,
): ResourceStatus {
  const { type, since, inFlight } = subscription;
  const wanted = snapshot?.resources[type].get(name);
  const held = heldOf(subscription, snapshot, name);
  const rejection = subscription.rejections.get(name);
  const about = {
    type,
    name,
    version: wanted?.version ?? "",
    held: held?.version ?? "",
    ...(wanted === undefined ? {} : { revision: wanted.revision, body: wanted.body }),
  };
  if (rejection !== undefined && rejection.version === wanted?.version)
    return {
      ...about,
      status: "NACKED",
      at: rejection.at,
      reason: rejection.reason,
      attempts: rejection.attempts,
      retryAt: rejection.retryAt,
    };
  if (isInFlight && inFlight !== undefined) return { ...about, held: "", status: "REQUESTED", at: inFlight.sentAt };
  if (subscription.differs.has(name) || subscription.blind || snapshot === undefined)
    return { ...about, status: "REQUESTED", at: since };
  return { ...about, status: wanted === undefined ? "DOES_NOT_EXIST" : "ACKED", at: since };
}
