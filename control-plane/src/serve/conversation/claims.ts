import { type ResourceType, usedType } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Conversation } from "./conversation.ts";
import { usersOf } from "./make-before-break.ts";
import { resend, type Subscription, setApart } from "./subscription.ts";

// A client that comes back asks for all types at once; what it asks for second may still be on its way.
const graceMs = 2_000;

/**
 * May the version stand for what a state-of-the-world client has? A gRPC client that closed its last channel to a service
 * while it was away, and opened another, still states the version of what it let go of, and would wait for ever
 * (https://github.com/grpc/grpc-go/issues/7013). It gives itself away by what it does not ask for: whoever has a listener
 * wants its routes. Envoy has all listeners and clusters or none, and lets go of what they refer to only while connected.
 */
export function isCredible({ emptyMeansAll, subscriptions }: Conversation, type: ResourceType): boolean {
  if (emptyMeansAll) return true;
  // What it asks for because it was just sent something that refers to it, it has not.
  return (usersOf[type] ?? []).every((user) => (subscriptions.get(user)?.lastNonce ?? "") === "");
}

/** Sends what a version stands for after all, where the client does not ask for anything that it would need then. */
export function checkClaims(conversation: Conversation, now: Date): void {
  const { emptyMeansAll, step, subscriptions } = conversation;
  if (step === undefined) return;
  for (const subscription of subscriptions.values()) {
    const { claim, since } = subscription;
    if (claim.kind !== "all" || now.getTime() - since.getTime() < graceMs) continue;
    subscription.claim = { kind: "none" };
    if (!emptyMeansAll) disbelieve(subscription, step.snapshot, subscriptions);
  }
}

function disbelieve(
  subscription: Subscription,
  snapshot: Snapshot,
  subscriptions: Conversation["subscriptions"],
): void {
  const { type, names, differs } = subscription;
  const used = usedType[type];
  if (used === undefined) return;
  const wanted = subscriptions.get(used)?.names;
  for (const name of names.values()) {
    const { uses = [] } = snapshot.resources[type].get(name) ?? {};
    if (differs.has(name) || uses.length === 0 || uses.some((use) => wanted?.has(use))) continue;
    setApart(subscription, snapshot, name, undefined);
    resend(subscription, name);
  }
}
