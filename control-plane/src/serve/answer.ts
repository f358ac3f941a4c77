import type { Snapshot } from "../snapshot/snapshot.ts";
import type { StreamNote } from "./conversation.ts";
import { reject } from "./rejection.ts";
import type { Subscription } from "./subscription.ts";

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
  const { nonce, version, resources } = inFlight;
  const tookMs = now.getTime() - inFlight.sentAt.getTime();
  if (reason === undefined) {
    subscription.acked = version;
    if (rejections.size > 0) for (const { name } of resources) rejections.delete(name);
    return [{ kind: "acked", type, nonce, version, tookMs }];
  }
  const names = reject(subscription, snapshot, inFlight, reason || "no reason given", now);
  return [{ kind: "rejected", type, nonce, version, names, of: resources.length, reason: reason || "no reason given" }];
}
