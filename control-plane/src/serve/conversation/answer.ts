import type { XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { StreamNote } from "./conversation.ts";
import { isDoubt } from "./held.ts";
import { reject } from "./rejection.ts";
import { heldOf, isSubscribed, type Subscription, setApart } from "./subscription.ts";

/** Takes a request as the ACK, or with a reason the NACK, of the response in flight. Nothing in flight: nothing said. */
export function takeAnswer(
  subscription: Subscription,
  snapshot: Snapshot | undefined,
  reason: string | undefined,
  now: Date,
): readonly StreamNote[] {
  const { inFlight, type, rejections } = subscription;
  if (inFlight === undefined || snapshot === undefined) return [];
  subscription.inFlight = undefined;
  subscription.since = now;
  const { nonce, version, resources, removed } = inFlight;
  const tookMs = now.getTime() - inFlight.sentAt.getTime();
  if (reason === undefined) {
    subscription.acked = version;
    subscription.blind = false;
    if (inFlight.letGo.size > 0) for (const resource of inFlight.carried) takeOver(subscription, snapshot, resource);
    if (inFlight.carried.length > resources.length) settleDoubts(subscription, snapshot, inFlight.carried);
    if (rejections.size > 0)
      for (const name of [...resources.map(({ name }) => name), ...removed]) rejections.delete(name);
    return [{ kind: "acked", type, nonce, version, tookMs }];
  }
  const names = reject(subscription, snapshot, inFlight, reason || "no reason given", now);
  return [
    {
      kind: "rejected",
      type,
      nonce,
      version,
      names,
      of: resources.length + removed.length,
      reason: reason || "no reason given",
    },
  ];
}

/** It let go of something while this was on its way: what it wants again by now, it has taken. */
function takeOver(subscription: Subscription, snapshot: Snapshot, resource: XdsResource): void {
  const { name, type } = resource;
  if (!isSubscribed(subscription, name) || heldOf(subscription, snapshot, name) !== undefined) return;
  setApart(subscription, snapshot, name, resource);
  if (!snapshot.resources[type].has(name)) subscription.gone.add(name);
}

/** A whole list was accepted: of what it repeated beside what was new nothing is in doubt any more. */
function settleDoubts(subscription: Subscription, snapshot: Snapshot, carried: readonly XdsResource[]): void {
  const doubted = new Set<string>();
  for (const [name, held] of subscription.differs) if (isDoubt(held)) doubted.add(name);
  if (doubted.size === 0) return;
  for (const resource of carried)
    if (doubted.has(resource.name)) setApart(subscription, snapshot, resource.name, resource);
}
