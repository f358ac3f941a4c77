import { type ResourceType, resourceTypes } from "../snapshot/resource.ts";
import type { SnapshotStep } from "../snapshot/snapshot.ts";
import type { ClientStatus, TypeStatus } from "./clients.ts";
import { begin, isSubscribed, resend, type Subscription } from "./subscription.ts";

/** What a stream can tell of itself. Types are short names, as in `resource.ts`; an unknown one is the client's own URL. */
export type StreamNote =
  | { readonly kind: "subscribed"; readonly type: ResourceType; readonly names: number | "all" }
  | {
      readonly kind: "sent";
      readonly type: ResourceType;
      readonly nonce: string;
      readonly version: string;
      readonly resources: number;
      readonly removed: number;
      readonly revision: number;
    }
  | { readonly kind: "acked"; readonly type: ResourceType; readonly nonce: string; readonly version: string }
  | {
      readonly kind: "rejected";
      readonly type: ResourceType;
      readonly nonce: string;
      readonly version: string;
      readonly names: readonly string[];
      readonly reason: string;
    }
  | { readonly kind: "stale-nonce"; readonly type: ResourceType; readonly nonce: string }
  | { readonly kind: "unknown-type"; readonly typeUrl: string };

/** What one stream knows, over both variants and all types. */
export type Conversation = {
  /** Proxyless gRPC clients never mean "all" by an empty list of names. */
  readonly emptyMeansAll: boolean;
  step: SnapshotStep | undefined;
  readonly subscriptions: Map<ResourceType, Subscription>;
  nonce: number;
};

export function createConversation(emptyMeansAll: boolean): Conversation {
  return { emptyMeansAll, step: undefined, subscriptions: new Map(), nonce: 0 };
}

/** Takes the conversation to the newest step, noting what changed on the way: the cost is that of the changes. */
export function advance(conversation: Conversation, newest: SnapshotStep): void {
  const from = conversation.step;
  conversation.step = newest;
  if (from === undefined) {
    for (const subscription of conversation.subscriptions.values()) begin(subscription, newest.snapshot);
    return;
  }
  for (let step = from.following; step !== undefined; step = step.following) markChanges(conversation, step);
}

function markChanges(conversation: Conversation, step: SnapshotStep): void {
  for (const { type, changed, removed } of step.changes) {
    const subscription = conversation.subscriptions.get(type);
    if (subscription === undefined) continue;
    for (const { name } of changed) {
      if (!isSubscribed(subscription, name)) continue;
      subscription.gone.delete(name);
      subscription.dirty.add(name);
    }
    for (const name of removed) {
      subscription.dirty.delete(name);
      if (subscription.held.has(name)) subscription.gone.add(name);
    }
  }
}

/**
 * A changed cluster takes its endpoints along. Envoy warms a changed cluster until endpoints arrive and does not ask for
 * them again: without this it stays on the old cluster, and holds its ACK back, for 15 s (seen with 1.40).
 */
export function dragEndpoints(conversation: Conversation, uses: readonly string[]): void {
  const endpoints = conversation.subscriptions.get("endpoints");
  if (endpoints === undefined) return;
  for (const name of uses) if (endpoints.held.has(name)) resend(endpoints, name);
}

/** All that is to be sent has been sent and answered. */
export function isSettled({ subscriptions }: Conversation): boolean {
  return [...subscriptions.values()].every(
    ({ inFlight, dirty, gone, owed }) => inFlight === undefined && dirty.size === 0 && gone.size === 0 && !owed,
  );
}

export function statusOf(conversation: Conversation): Readonly<Record<ResourceType, TypeStatus>> {
  const entries = resourceTypes.map((type) => [type, typeStatus(conversation.subscriptions.get(type))] as const);
  return Object.fromEntries(entries) as Record<ResourceType, TypeStatus>;
}

const never: TypeStatus = { status: "NOT_SENT", since: new Date(0) };

function typeStatus(subscription: Subscription | undefined): TypeStatus {
  if (subscription === undefined) return never;
  const { acked, reason, since, rejected } = subscription;
  return {
    status: clientStatus(subscription),
    since,
    ...(acked === undefined ? {} : { acked }),
    ...(reason === undefined ? {} : { reason }),
    ...(rejected.size === 0 ? {} : { rejected: [...rejected.keys()] }),
  };
}

function clientStatus({ inFlight, dirty, gone, owed, acked, reason }: Subscription): ClientStatus {
  if (reason !== undefined) return "ERROR";
  if (inFlight !== undefined || dirty.size > 0 || gone.size > 0 || owed) return "STALE";
  return acked === undefined ? "NOT_SENT" : "SYNCED";
}
